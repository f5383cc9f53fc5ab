// The exception for a command line that is not understood. The command prints its message.

export class UsageError extends Error {}
