// The link of a worker to the program that starts its jobs.
//
// A request is its length in four bytes and JSON: `start` with a command, `stop` (SIGTERM to the command's group), `kill`
// (everything in the job's namespace), `clean` with the folder of a job that is over. An event is a letter, a length in
// four bytes and its content: O and E are output of the job, L is a datagram of its log sockets, and J is JSON. There,
// `ready` is the first, `exited` says how the command ended, `failed` why it could not be started, after `ended` nothing is
// left of it, `cleaned` answers `clean`, and `remains` names a folder that could not be removed.

import { type ChildProcessWithoutNullStreams as Child, spawn } from 'node:child_process';
import { constants as systemConstants } from 'node:os';
import type { JobEnd } from '../job-process.ts';

export type StarterOptions = {
  /** The path of starter.py. */
  readonly program: string;
  /** The PATH on which its Python is looked for. */
  readonly path: string;
  /** Variables of its process: by most of them it is found if it outlives its worker. */
  readonly marks: Readonly<Record<string, string>>;
};

type Listener = {
  onOutput(level: OutputLevel, chunk: Buffer, source: NodeJS.ReadableStream): void;
  onLog(text: string, source: NodeJS.ReadableStream): void;
  onExited(end: JobEnd): void;
  onFailed(reason: string): void;
  onEnded(): void;
};
export type OutputLevel = 'STDOUT' | 'STDERR';
type StarterEvent =
  | { readonly kind: 'ready' }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: number | null }
  | { readonly kind: 'failed'; readonly failure: string }
  | { readonly kind: 'ended' }
  | { readonly kind: 'cleaned' }
  | { readonly kind: 'remains'; readonly path: string };
export type Link = {
  /** Sends the request for a job. @throws Error if one runs already */
  begin(listener: Listener, request: object): void;
  send(request: object): void;
  /** Resolves when the folder of a job that is over was cleaned, or the program has ended. */
  clean(folder: string, names: readonly string[]): Promise<void>;
  /** Why the program has ended. Undefined while it runs. */
  over(): string | undefined;
  close(): Promise<void>;
};

/**
 * Starts the program.
 *
 * @param onRemains gets a folder that it could not remove
 */
export function openLink({ program, path, marks }: StarterOptions, onRemains: (path: string) => void): Link {
  const child = spawn('python3', ['-I', '-S', '-B', program], { env: { ...marks, PATH: path } });
  let listener: Listener | undefined;
  let isReady = false;
  let cleaned = Promise.withResolvers<void>();
  const leave = () => {
    const last = listener;
    listener = undefined;
    return last;
  };
  const end = watchEnd(child, (why) => {
    if (!isReady) listener?.onFailed(`the program that starts jobs ended: ${why}`);
    leave()?.onEnded();
    cleaned.resolve();
  });
  const onEvent = (event: StarterEvent) => {
    switch (event.kind) {
      case 'ready':
        isReady = true;
        return;
      case 'exited':
        return listener?.onExited(endOf(event));
      case 'failed':
        return listener?.onFailed(event.failure);
      case 'ended':
        return leave()?.onEnded();
      case 'cleaned':
        return cleaned.resolve();
      case 'remains':
        return onRemains(event.path);
      default:
        return event satisfies never;
    }
  };
  readFrames(child.stdout, (kind, content) => {
    if (kind === frameKinds.stdout) listener?.onOutput('STDOUT', content, child.stdout);
    else if (kind === frameKinds.stderr) listener?.onOutput('STDERR', content, child.stdout);
    else if (kind === frameKinds.log) listener?.onLog(content.toString(), child.stdout);
    else onEvent(JSON.parse(content.toString()) as StarterEvent);
  });
  const send = (request: object) => void child.stdin.write(packed(request));
  return {
    begin(fresh, request) {
      if (listener) throw new Error('a job of this worker runs already');
      listener = fresh;
      send(request);
    },
    send,
    clean(folder, names) {
      cleaned = Promise.withResolvers();
      send({ kind: 'clean', folder, names });
      return cleaned.promise;
    },
    over: end.why,
    async close() {
      child.stdin.end();
      await end.promise;
    },
  };
}

/** Calls `onEnd` when the program has ended, with the reason and the end of what it said. */
function watchEnd(child: Child, onEnd: (why: string) => void) {
  const { promise, resolve } = Promise.withResolvers<void>();
  let over: string | undefined;
  let errors = '';
  const finish = (why: string) => {
    if (over !== undefined) return;
    over = `${why} ${errors.trim()}`;
    onEnd(over);
    resolve();
  };
  child.once('error', (error) => finish(error.message));
  child.once('close', (code, signal) => finish(`${signal ?? `exit code ${code}`}`));
  // It may end before its input does.
  child.stdin.on('error', () => undefined);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-errorTextLimit);
  });
  return { promise, why: () => over };
}

function packed(request: object): Buffer {
  const text = JSON.stringify(request);
  const length = Buffer.byteLength(text);
  const message = Buffer.allocUnsafe(lengthBytes + length);
  message.writeUInt32BE(length);
  message.write(text, lengthBytes);
  return message;
}

function readFrames(stream: NodeJS.ReadableStream, onFrame: (kind: number, content: Buffer) => void): void {
  let rest: Buffer | undefined;
  stream.on('data', (chunk: Buffer) => {
    let bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    while (bytes.length >= headBytes) {
      const end = headBytes + bytes.readUInt32BE(1);
      if (bytes.length < end) break;
      onFrame(bytes.readUInt8(), bytes.subarray(headBytes, end));
      bytes = bytes.subarray(end);
    }
    rest = bytes.length > 0 ? bytes : undefined;
  });
}

function endOf({ code, signal }: { readonly code: number | null; readonly signal: number | null }): JobEnd {
  if (signal === null) return { code, signal: null };
  const name = Object.entries(systemConstants.signals).find(([, number]) => number === signal)?.[0];
  return name ? { code: null, signal: name as NodeJS.Signals } : { code: 128 + signal, signal: null };
}

const lengthBytes = 4;
const headBytes = 1 + lengthBytes;
const frameKinds = { stdout: 0x4f, stderr: 0x45, log: 0x4c } as const;
const errorTextLimit = 2000;
