// Signals to processes that may be gone. It knows no process.

/** To a process or, negative, to a group; that it is gone already is what was wanted. Throws where it may not. */
export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
