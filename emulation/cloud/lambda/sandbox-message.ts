// The messages between a function's thread and the platform.

export type FunctionError = { errorType: string; errorMessage: string; trace?: string[] };

/** To the thread. */
export type ToSandbox = {
  id: string;
  payload: string;
  /** Milliseconds since 1970. */
  deadline: number;
};

/** From the thread. `ready` comes once, when the handler has been imported. A module that throws never sends it. */
export type FromSandbox =
  | { kind: 'ready' }
  | { kind: 'initError'; error: FunctionError }
  | { kind: 'result'; id: string; payload: string }
  | { kind: 'error'; id: string; error: FunctionError };

/** The thread's start data. */
export type SandboxData = {
  /** The module file and the name of its export. */
  file: string;
  handler: string;
  functionName: string;
  functionArn: string;
  memoryMb: number;
  logGroup: string;
  logStream: string;
  /** Where compiled code is kept between starts. */
  compileCache?: string;
};
