// One thread that runs one function, with many invocations at a time. It ends when the code crashes or when it is
// closed.

import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import type { FromSandbox, FunctionError, SandboxData, ToSandbox } from './sandbox-message.ts';

export type InvocationResult = { readonly payload: string } | { readonly error: FunctionError };

export type SandboxOptions = {
  readonly data: SandboxData;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Each line that the function writes to stdout or stderr. */
  onLine(line: string): void;
};

export type Sandbox = {
  /** Never rejects: a failure is the result's error. */
  invoke(payload: string): Promise<InvocationResult>;
  /** True once it takes no further invocations, because it crashed or one of its invocations ran out of time. */
  readonly retired: boolean;
  readonly inFlight: number;
  close(): Promise<void>;
};

/**
 * Starts the function's thread, which imports the module at once. Invocations wait until it is imported. As on AWS, an
 * import that takes more than ten seconds is broken off, and the first invocation imports the module again in its own
 * time (lambda-runtime-environment.html, "Init phase").
 */
export function startSandbox(options: SandboxOptions): Sandbox {
  const first = startThread(options, initLimitMs);
  let second: Thread | undefined;
  const inTime = async (): Promise<Thread> => {
    if ((await first.imported) === 'late' && !first.retired) second ??= startThread(options);
    return second ?? first;
  };
  return {
    get retired() {
      return (second ?? first).retired;
    },
    get inFlight() {
      return (second ?? first).inFlight;
    },
    invoke: async (payload) => (await inTime()).invoke(payload),
    async close() {
      await Promise.all([first.close(), second?.close()]);
    },
  };
}

type Thread = Sandbox & {
  /** How its import ended. */
  readonly imported: Promise<Import>;
};
type Import = 'done' | 'late' | FunctionError;

/** @param importLimitMs without it, only the invocations limit the import: it counts as a part of them */
function startThread(options: SandboxOptions, importLimitMs?: number): Thread {
  const worker = startWorker(options);
  const waiting = new Map<string, Waiting>();
  let retired = false;
  let failure: FunctionError | undefined;

  const settle = (id: string, result: InvocationResult) => {
    const one = waiting.get(id);
    if (!one) return;
    clearTimeout(one.timer);
    waiting.delete(id);
    one.resolve(result);
    if (retired && waiting.size === 0) void worker.terminate();
  };
  const endAll = (error: FunctionError) => {
    for (const id of [...waiting.keys()]) settle(id, { error });
  };
  /** Retires the thread. The invocation that timed out may go on, and others in the thread would see its effects. */
  const timeOut = (id: string) => {
    retired = true;
    setTimeout(() => {
      // Invocations that are still running fail as in a crash. As after a crash on AWS, their callers repeat them.
      const errorMessage = 'The function ended: another invocation in its thread ran out of time';
      endAll({ errorType: 'Runtime.ExitError', errorMessage });
      void worker.terminate();
    }, overrunLimitMs).unref();
    settle(id, { error: timedOut(options.timeoutMs) });
  };
  const onFailure = (error: FunctionError) => {
    failure ??= error;
    retired = true;
    endAll(failure);
    return failure;
  };
  const imported = whenImported(worker, importLimitMs, { onLine: options.onLine, onSettled: settle, onFailure });
  return {
    imported,
    get retired() {
      return retired;
    },
    get inFlight() {
      return waiting.size;
    },
    async invoke(payload) {
      if (importLimitMs !== undefined) await imported;
      if (failure) return { error: failure };
      const { promise, resolve } = Promise.withResolvers<InvocationResult>();
      const id = randomUUID();
      const { timeoutMs } = options;
      waiting.set(id, { resolve, timer: setTimeout(() => timeOut(id), timeoutMs) });
      // The thread takes messages from when its module is imported.
      worker.postMessage({ id, payload, deadline: Date.now() + timeoutMs } satisfies ToSandbox);
      return promise;
    },
    async close() {
      onFailure({ errorType: 'Runtime.ExitError', errorMessage: 'The platform is shutting down' });
      await worker.terminate();
    },
  };
}

function timedOut(limitMs: number): FunctionError {
  return { errorType: 'Sandbox.Timedout', errorMessage: `Task timed out after ${(limitMs / 1000).toFixed(2)} seconds` };
}

type Waiting = { resolve(result: InvocationResult): void; readonly timer: NodeJS.Timeout };

function startWorker({ data, environment, onLine }: SandboxOptions): Worker {
  const worker = new Worker(new URL('./sandbox-thread.ts', import.meta.url), {
    workerData: data,
    env: { ...environment },
    stdout: true,
    stderr: true,
    resourceLimits: {
      maxOldGenerationSizeMb: Math.max(64, data.memoryMb),
      maxYoungGenerationSizeMb: youngGenerationMb,
    },
  });
  for (const stream of [worker.stdout, worker.stderr]) readLines(stream, onLine);
  return worker;
}

type ThreadListener = {
  onLine(line: string): void;
  onSettled(id: string, result: InvocationResult): void;
  /** Returns the first failure, which is the one that counts. */
  onFailure(error: FunctionError): FunctionError;
};

/** Listens to the thread. Resolves when its module is imported, cannot be imported, or was not within the limit. */
function whenImported(
  worker: Worker,
  limitMs: number | undefined,
  { onLine, onSettled, onFailure }: ThreadListener,
): Promise<Import> {
  const { promise, resolve } = Promise.withResolvers<Import>();
  const end = (how: Import) => {
    clearTimeout(timer);
    resolve(how);
  };
  let isLate = false;
  const giveUp = () => {
    isLate = true;
    onLine(`INIT_REPORT Phase: init Status: timeout Init Duration: ${limitMs}.00 ms`);
    end('late');
    void worker.terminate();
  };
  const timer = limitMs === undefined ? undefined : setTimeout(giveUp, limitMs);
  const fail = (error: FunctionError) => end(isLate ? 'late' : onFailure(error));
  worker.on('message', (message: FromSandbox) => {
    if (message.kind === 'ready') end('done');
    else if (message.kind === 'initError') {
      fail(message.error);
      void worker.terminate();
    } else onSettled(message.id, message.kind === 'result' ? { payload: message.payload } : { error: message.error });
  });
  worker.once('error', (error) => {
    onLine(error instanceof Error ? (error.stack ?? error.message) : String(error));
    fail({ errorType: 'Runtime.ExitError', errorMessage: `The function ended: ${(error as Error).message}` });
  });
  worker.once('exit', (code) =>
    fail({ errorType: 'Runtime.ExitError', errorMessage: `The function ended with status ${code}` }),
  );
  return promise;
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, maximumLineCharacters);
    for (const line of lines) if (line !== '') onLine(line);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}

/** Lambda's own limit for importing a module (lambda-runtime-environment.html). */
const initLimitMs = 10_000;

/**
 * AWS freezes an invocation that ran out of time at once. Here the other invocations of its thread get this long to end
 * before the thread is ended.
 */
const overrunLimitMs = 5_000;

const megabyte = 1024 * 1024;
/** V8's default would hold 48 MB in every thread and save only 3 % of its processor time. */
const youngGenerationMb = 8;
/** Longer lines of a function's log are cut: CloudWatch takes 1 MB. */
const maximumLineCharacters = megabyte;
