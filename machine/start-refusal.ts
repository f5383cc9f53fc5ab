// The exception with which a start ends when something outside of the platform is missing or taken. The command prints
// its message.

/** One clear sentence for the user: what was found and what to do. The command line ends with exit status 1. */
export class StartRefusal extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StartRefusal';
  }
}
