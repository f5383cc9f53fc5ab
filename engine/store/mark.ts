// Makes marks, which are random texts by which a writer recognizes its own writes.

import type { Context } from '../../core/context.ts';

/** A new mark: 72 random bits as text. */
export function newMark(context: Context): string {
  return Buffer.from(context.random(markByteCount)).toString('base64url');
}

const markByteCount = 9;
