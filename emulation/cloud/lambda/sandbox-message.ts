// The messages between a function's thread and the platform.

export type FunctionError = {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
};

/** To the thread. */
export type ToSandbox = {
  readonly id: string;
  readonly payload: string;
  /** Milliseconds since 1970. */
  readonly deadline: number;
};

/** From the thread. `ready` comes once, when the handler has been imported. A module that throws never sends it. */
export type FromSandbox =
  | { readonly kind: 'ready' }
  | { readonly kind: 'initError'; readonly error: FunctionError }
  | { readonly kind: 'result'; readonly id: string; readonly payload: string }
  | { readonly kind: 'error'; readonly id: string; readonly error: FunctionError };

/** The thread's start data. */
export type SandboxData = {
  /** The module file and the name of its export. */
  readonly file: string;
  readonly handler: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
  readonly logGroup: string;
  readonly logStream: string;
  /** Where compiled code is kept between starts. */
  readonly compileCache?: string;
};
