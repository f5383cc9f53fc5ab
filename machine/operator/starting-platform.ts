// Asks the platform of a data folder, and waits for a platform that is starting.

import { setTimeout as delay } from 'node:timers/promises';
import { isHeld, pathIn } from '../data-folder.ts';
import { StartRefusal } from '../start-refusal.ts';
import { askPlatform, PlatformAbsent } from './control-socket.ts';

export type Patience = {
  /** For a start that a shell began at the same moment and that has not locked its folder yet. */
  readonly graceMs: number;
  /** For a start that has locked its folder: a first start makes a Python environment. */
  readonly limitMs: number;
};

/**
 * @param say gets one line if there is something to wait for
 * @throws PlatformAbsent when no platform runs or starts; StartRefusal when the start does not end in time.
 */
export async function askWhenStarted<Answer>(
  folder: string,
  request: object,
  say: (line: string) => void,
  { graceMs, limitMs }: Patience = patience,
): Promise<Answer> {
  const begun = Date.now();
  let seenAt: number | undefined;
  for (; ; await delay(pollMs)) {
    // This look comes first: if the start ends in between, the platform is asked once more.
    const held = isHeld(folder);
    try {
      return await askPlatform<Answer>(pathIn(folder, 'socket'), request);
    } catch (error) {
      if (!(error instanceof PlatformAbsent)) throw error;
      if (!held && (seenAt !== undefined || Date.now() > begun + graceMs)) throw error;
    }
    if (held && seenAt === undefined) {
      seenAt = Date.now();
      say(`A platform is starting on the data folder ${folder}: waiting until it is ready.`);
    }
    if (seenAt !== undefined && Date.now() > seenAt + limitMs) {
      throw new StartRefusal(
        `The platform on the data folder ${folder} is not ready after ${limitMs / 60_000} minutes.`,
      );
    }
  }
}

/** A start takes half a second from the command to the lock, and twice that through npx, on two busy cores. */
const patience: Patience = { graceMs: 3_000, limitMs: 180_000 };
const pollMs = 100;
