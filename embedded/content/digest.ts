// MD5 in a thread of its own, so that an upload does not keep other requests waiting.

import { Worker } from 'node:worker_threads';
import { programFile } from '../../machine/program-file.ts';
import type { FromDigestThread, ToDigestThread } from './digest-thread.ts';

export type Digests = {
  /** Begins a digest. */
  open(): Digest;
  close(): Promise<void>;
};
export type Digest = {
  /** Resolves when more may be added. The bytes are copied. */
  add(chunk: Uint8Array): Promise<void> | undefined;
  /** In hex. */
  end(): Promise<string>;
  /** Forgets what was added. */
  drop(): void;
};

type Open = { waitingBytes: number; readonly ended: PromiseWithResolvers<string>; wake: (() => void) | undefined };

/** The thread is started by the first digest. */
export function createDigests(): Digests {
  const open = new Map<number, Open>();
  let thread: Worker | undefined;
  let count = 0;
  const onMessage = (message: FromDigestThread) => {
    const one = open.get(message.id);
    if (one === undefined) return;
    if (message.kind === 'added') {
      one.waitingBytes -= message.bytes;
      if (one.waitingBytes < longestQueueBytes) one.wake?.();
    } else {
      open.delete(message.id);
      one.ended.resolve(message.md5);
    }
  };
  const onError = (error: Error) => {
    thread = undefined;
    for (const { ended, wake } of open.values()) {
      ended.reject(error);
      wake?.();
    }
    open.clear();
  };
  const started = (): Worker => {
    if (thread !== undefined) return thread;
    thread = new Worker(programFile('digestThread')).on('message', onMessage).on('error', onError);
    thread.unref();
    return thread;
  };
  const send = (message: ToDigestThread, transfer: ArrayBuffer[] = []) => started().postMessage(message, transfer);
  return {
    open() {
      const id = ++count;
      const one: Open = { waitingBytes: 0, ended: Promise.withResolvers(), wake: undefined };
      // The failure is reported to the caller of `end`, if there is one.
      one.ended.promise.catch(() => undefined);
      open.set(id, one);
      return {
        add(chunk) {
          const bytes = Uint8Array.from(chunk).buffer;
          one.waitingBytes += bytes.byteLength;
          send({ kind: 'add', id, bytes }, [bytes]);
          if (one.waitingBytes < longestQueueBytes) return undefined;
          return new Promise((resolve) => {
            one.wake = resolve;
          });
        },
        end() {
          send({ kind: 'end', id });
          return one.ended.promise;
        },
        drop() {
          open.delete(id);
          send({ kind: 'drop', id });
        },
      };
    },
    close: async () => void (await thread?.terminate()),
  };
}

/** More bytes of one digest are not copied before the thread has taken them. */
const longestQueueBytes = 4 * 1024 * 1024;
