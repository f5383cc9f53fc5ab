// Reads the content of objects. It is one blob, or one blob per part for a multipart object.

import type { ObjectRow, PartRow } from './object-table.ts';
import type { S3Core } from './request.ts';

/**
 * Yields the bytes of an object from `start` up to, but not including, `end`. The blobs are held from this call on, so
 * that a replacement of the object does not disturb the reader. The caller must read to the end or call `return`.
 */
export function openContent(core: S3Core, object: ObjectRow, start: number, end: number): AsyncIterable<Buffer> {
  const parts = core.table.loadParts(object.id);
  const hold = core.blobs.hold(parts.map((part) => part.blob));
  async function* bytes() {
    try {
      yield* readParts(core, parts, start, end);
    } finally {
      hold.release();
    }
  }
  const iterator = bytes();
  let begun = false;
  return {
    [Symbol.asyncIterator]: () => ({
      next() {
        begun = true;
        return iterator.next();
      },
      return() {
        // A generator that was never started does not run its `finally`.
        if (!begun) hold.release();
        return iterator.return(undefined);
      },
    }),
  };
}

async function* readParts(core: S3Core, parts: readonly PartRow[], start: number, end: number): AsyncGenerator<Buffer> {
  let offset = 0;
  for (const part of parts) {
    const [from, to] = [Math.max(start - offset, 0), Math.min(end - offset, part.size)];
    if (from < to) yield* core.blobs.read(part.blob, from, to);
    offset += part.size;
    if (offset >= end) return;
  }
}
