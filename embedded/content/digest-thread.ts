// The thread of digest.ts.

import { createHash, type Hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

export type ToDigestThread =
  | { readonly kind: 'add'; readonly id: number; readonly bytes: ArrayBuffer }
  | { readonly kind: 'end' | 'drop'; readonly id: number };
export type FromDigestThread =
  | { readonly kind: 'added'; readonly id: number; readonly bytes: number }
  | { readonly kind: 'ended'; readonly id: number; readonly md5: string };

const hashes = new Map<number, Hash>();
const send = (message: FromDigestThread) => parentPort?.postMessage(message);

parentPort?.on('message', (message: ToDigestThread) => {
  const { id } = message;
  const hash = hashes.get(id) ?? createHash('md5');
  if (message.kind === 'add') {
    hashes.set(id, hash.update(new Uint8Array(message.bytes)));
    send({ kind: 'added', id, bytes: message.bytes.byteLength });
    return;
  }
  hashes.delete(id);
  if (message.kind === 'end') send({ kind: 'ended', id, md5: hash.digest('hex') });
});
