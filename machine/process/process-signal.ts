// Sends signals to processes that may be gone.

/** Sends to a process or, negative, to a group. A process that is gone is fine. Throws if the signal is not allowed. */
export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
