// A program that runs as a process group of this machine: how it is started, how it ended, and how it is found again.

/** The end of a program. A signal counts as 128 plus its number, as container runtimes count it. */
export type ProgramExit = { readonly exitCode: number; readonly signal?: string };

export type RunningProgram = {
  readonly exited: Promise<ProgramExit>;
  /**
   * Asks the program to end (SIGTERM). After its stop timeout, the program and everything that it started are killed.
   */
  stop(): void;
  /** Finds the program again after a crash of the platform. */
  readonly handle: string;
};

/** A program of an earlier run of the platform whose end was not recorded. */
export type LeftoverProgram = { readonly taskId: string; readonly handle: string | undefined };

export type ProgramCommand = {
  /** Marks every process of the program: 128 random bits. */
  readonly taskId: string;
  readonly command: readonly string[];
  /** Everything that the program sees, apart from its task id and the number of its pipe. */
  readonly environment: Readonly<Record<string, string>>;
  /** The time between SIGTERM and SIGKILL. */
  readonly stopTimeoutMs: number;
};
