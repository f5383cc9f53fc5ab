// One thread that runs one function, many invocations at a time. It ends when the code crashes, or when told to.
// It knows no queue, retry or HTTP.
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import type { FromSandbox, FunctionError, SandboxData, ToSandbox } from './sandbox-message.ts';

export type InvocationResult = { payload: string } | { error: FunctionError };

export type SandboxOptions = {
  data: SandboxData;
  environment: Readonly<Record<string, string>>;
  timeoutMs: number;
  /** Each line that the function writes to stdout or stderr. */
  onLine(line: string): void;
};

export type Sandbox = {
  /** Never rejects: what went wrong is an error of the function. */
  invoke(payload: string): Promise<InvocationResult>;
  /** True when it takes no further invocation: it crashed, or an invocation of it ran out of time. */
  readonly retired: boolean;
  readonly inFlight: number;
  close(): Promise<void>;
};

/** A module must be imported within Lambda's own limit for that (lambda-runtime-environment.html). */
const INIT_LIMIT_MS = 10_000;
/** On AWS what ran out of time is frozen at once; here others of its thread get so long to end before it is ended. */
const OVERRUN_LIMIT_MS = 5_000;
const MEGABYTE = 1024 * 1024;
/** V8's own choice would hold 48 MB in every thread, and spare it 3 % of its processor time. */
const YOUNG_GENERATION_MB = 8;
/** Line of a function's log, cut: CloudWatch takes 1 MB. */
const MAX_LINE_CHARACTERS = MEGABYTE;

export function startSandbox(options: SandboxOptions): Sandbox {
  return new ThreadSandbox(options);
}

type Waiting = { resolve(result: InvocationResult): void; timer: NodeJS.Timeout };

class ThreadSandbox implements Sandbox {
  retired = false;
  readonly #options: SandboxOptions;
  readonly #worker: Worker;
  readonly #waiting = new Map<string, Waiting>();
  readonly #ready: Promise<FunctionError | undefined>;
  #failure: FunctionError | undefined;

  constructor(options: SandboxOptions) {
    this.#options = options;
    this.#worker = new Worker(new URL('./sandbox-thread.ts', import.meta.url), {
      workerData: options.data,
      env: { ...options.environment },
      stdout: true,
      stderr: true,
      resourceLimits: {
        maxOldGenerationSizeMb: Math.max(64, options.data.memoryMb),
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
      },
    });
    for (const stream of [this.#worker.stdout, this.#worker.stderr]) readLines(stream, options.onLine);
    this.#ready = this.#start();
  }

  get inFlight(): number {
    return this.#waiting.size;
  }

  async invoke(payload: string): Promise<InvocationResult> {
    const failure = await this.#ready;
    if (failure) return { error: failure };
    if (this.#failure) return { error: this.#failure };
    const { promise, resolve } = Promise.withResolvers<InvocationResult>();
    const id = randomUUID();
    const { timeoutMs } = this.#options;
    const timer = setTimeout(() => this.#timeOut(id), timeoutMs);
    this.#waiting.set(id, { resolve, timer });
    this.#worker.postMessage({ id, payload, deadline: Date.now() + timeoutMs } satisfies ToSandbox);
    return promise;
  }

  async close(): Promise<void> {
    this.retired = true;
    await this.#worker.terminate();
    this.#endAll({ errorType: 'Runtime.ExitError', errorMessage: 'The platform is shutting down' });
  }

  #start(): Promise<FunctionError | undefined> {
    const { promise, resolve } = Promise.withResolvers<FunctionError | undefined>();
    const fail = (error: FunctionError) => {
      this.#failure ??= error;
      this.retired = true;
      clearTimeout(timer);
      resolve(this.#failure);
      this.#endAll(this.#failure);
    };
    const timer = setTimeout(() => {
      fail({ errorType: 'Sandbox.Timedout', errorMessage: `Init did not end within ${INIT_LIMIT_MS / 1000} seconds` });
      void this.#worker.terminate();
    }, INIT_LIMIT_MS);
    this.#worker.on('message', (message: FromSandbox) => {
      if (message.kind === 'ready') {
        clearTimeout(timer);
        resolve(undefined);
      } else if (message.kind === 'initError') {
        fail(message.error);
        void this.#worker.terminate();
      } else {
        this.#settle(message.id, message.kind === 'result' ? { payload: message.payload } : { error: message.error });
      }
    });
    this.#worker.once('error', (error) => {
      this.#options.onLine(error instanceof Error ? (error.stack ?? error.message) : String(error));
      fail({ errorType: 'Runtime.ExitError', errorMessage: `The function ended: ${(error as Error).message}` });
    });
    this.#worker.once('exit', (code) =>
      fail({ errorType: 'Runtime.ExitError', errorMessage: `The function ended with status ${code}` }),
    );
    return promise;
  }

  /** The environment is no longer used: what the invocation does from now on would be seen by others. */
  #timeOut(id: string): void {
    this.retired = true;
    setTimeout(() => this.#cutOff(), OVERRUN_LIMIT_MS).unref();
    const seconds = (this.#options.timeoutMs / 1000).toFixed(2);
    this.#settle(id, {
      error: { errorType: 'Sandbox.Timedout', errorMessage: `Task timed out after ${seconds} seconds` },
    });
  }

  /** Those that are still at work fail as in a crash: whoever waits for them asks again, as after a crash on AWS. */
  #cutOff(): void {
    const errorMessage = 'The function ended: another invocation in its thread ran out of time';
    this.#endAll({ errorType: 'Runtime.ExitError', errorMessage });
    void this.#worker.terminate();
  }

  #settle(id: string, result: InvocationResult): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(id);
    waiting.resolve(result);
    if (this.retired && this.#waiting.size === 0) void this.#worker.terminate();
  }

  #endAll(error: FunctionError): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, { error });
  }
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARACTERS);
    for (const line of lines) if (line !== '') onLine(line);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
