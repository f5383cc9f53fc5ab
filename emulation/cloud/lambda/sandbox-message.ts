// What a function's thread and the platform say to each other.

export type FunctionError = { errorType: string; errorMessage: string; trace?: string[] };

/** To the thread. */
export type ToSandbox = {
  id: string;
  payload: string;
  /** Ms since 1970. */
  deadline: number;
};

/** From the thread. `ready` comes once, when the handler was imported; a module that throws never gets so far. */
export type FromSandbox =
  | { kind: 'ready' }
  | { kind: 'initError'; error: FunctionError }
  | { kind: 'result'; id: string; payload: string }
  | { kind: 'error'; id: string; error: FunctionError };

/** What the thread is started with. */
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
