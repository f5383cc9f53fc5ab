// The signals that end a command, and the exit status after one.

import { constants } from 'node:os';

export const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The exit status that a shell gives to a process. Node reports either a code or a signal. */
export function exitStatus(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
}
