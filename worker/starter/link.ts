// The link of a worker to the program that starts its jobs.
//
// A request is its length in four bytes and JSON: `start` with a command, `stop` (SIGTERM to the command's group), `kill`
// (everything in the job's namespace). An event is a line of JSON: `pipes` offers the ends of the next job's output,
// `log` is what arrived on its log sockets, `exited` says how its command ended, `failed` why it could not be started,
// and after `ended` nothing is left of it.

import { type ChildProcessWithoutNullStreams as Child, spawn } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants as systemConstants } from 'node:os';
import type { JobEnd } from '../job-process.ts';

export type StarterOptions = {
  /** The path of starter.py. */
  readonly program: string;
  /** The PATH on which its Python is looked for. */
  readonly path: string;
  /** Variables of its process, by which it is found if it outlives its worker. */
  readonly marks: Readonly<Record<string, string>>;
};

type Pipes = readonly [stdout: Socket, stderr: Socket];
type Listener = {
  onLog(text: string, source: NodeJS.ReadableStream): void;
  onExited(end: JobEnd): void;
  onFailed(reason: string): void;
  onEnded(): void;
};
type StarterEvent =
  | { readonly kind: 'pipes'; readonly pipes: readonly [number, number] }
  | { readonly kind: 'log'; readonly text: string }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: number | null }
  | { readonly kind: 'failed'; readonly failure: string }
  | { readonly kind: 'ended' };
export type Link = {
  /** Resolves when the job may be asked for, with what its output will arrive on. Rejects if it cannot be started. */
  begin(listener: Listener): Promise<Pipes>;
  send(request: object): void;
  hasEnded(): boolean;
  close(): Promise<void>;
};

/** Starts the program. */
export function openLink({ program, path, marks }: StarterOptions): Link {
  const child = spawn('python3', ['-I', '-S', '-B', program], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...marks, PATH: path },
  });
  let pipes = Promise.withResolvers<Pipes>();
  let listener: Listener | undefined;
  const leave = () => {
    const last = listener;
    listener = undefined;
    return last;
  };
  const ended = watchEnd(child, (why) => {
    pipes.reject(new Error(`the program that starts jobs ended: ${why}`));
    pipes.promise.then(closeAll, () => undefined);
    leave()?.onEnded();
  });
  readEvents(child, (event) => {
    switch (event.kind) {
      case 'pipes':
        return takeOffer(child, event.pipes, pipes);
      case 'log':
        return listener?.onLog(event.text, child.stdout);
      case 'exited':
        return listener?.onExited(endOf(event));
      case 'failed':
        return listener?.onFailed(event.failure);
      case 'ended':
        return leave()?.onEnded();
      default:
        return event satisfies never;
    }
  });
  pipes.promise.catch(() => undefined);
  return {
    async begin(fresh) {
      if (listener) throw new Error('a job of this worker runs already');
      listener = fresh;
      const offered = await pipes.promise;
      pipes = Promise.withResolvers();
      pipes.promise.catch(() => undefined);
      return offered;
    },
    send(request) {
      const text = Buffer.from(JSON.stringify(request));
      const head = Buffer.alloc(4);
      head.writeUInt32BE(text.length);
      child.stdin.write(Buffer.concat([head, text]));
    },
    hasEnded: () => ended.isOver(),
    async close() {
      child.stdin.end();
      await ended.promise;
    },
  };
}

/** Calls `onEnd` when the program has ended, with the reason and the end of what it said. */
function watchEnd(child: Child, onEnd: (why: string) => void) {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isOver = false;
  let errors = '';
  const finish = (why: string) => {
    if (isOver) return;
    isOver = true;
    onEnd(`${why} ${errors.trim()}`);
    resolve();
  };
  child.once('error', (error) => finish(error.message));
  child.once('close', (code, signal) => finish(`${signal ?? `exit code ${code}`}`));
  // It may end before its input does.
  child.stdin.on('error', () => undefined);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-errorTextLimit);
  });
  return { promise, isOver: () => isOver };
}

function readEvents(child: Child, onEvent: (event: StarterEvent) => void): void {
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onEvent(JSON.parse(line) as StarterEvent);
  });
}

/** The program may have ended since it made the offer, because its input was closed. */
function takeOffer(child: Child, numbers: readonly [number, number], pipes: PromiseWithResolvers<Pipes>): void {
  try {
    pipes.resolve(openPipes(child, numbers));
  } catch (cause) {
    pipes.reject(new Error('the program that starts jobs has just ended', { cause }));
  }
}

/** Pipes of Node's own would be sockets, which a job cannot open by the name /dev/stderr. */
function openPipes(child: Child, numbers: readonly [number, number]): Pipes {
  const open = (number: number) => {
    const fd = openSync(`/proc/${child.pid}/fd/${number}`, constants.O_RDONLY | constants.O_NONBLOCK);
    return new Socket({ fd, readable: true, writable: false });
  };
  return [open(numbers[0]), open(numbers[1])];
}

function closeAll(pipes: Pipes): void {
  for (const pipe of pipes) pipe.destroy();
}

function endOf({ code, signal }: { readonly code: number | null; readonly signal: number | null }): JobEnd {
  if (signal === null) return { code, signal: null };
  const name = Object.entries(systemConstants.signals).find(([, number]) => number === signal)?.[0];
  return name ? { code: null, signal: name as NodeJS.Signals } : { code: 128 + signal, signal: null };
}

const errorTextLimit = 2000;
