// Marks: random texts by which a writer knows again what it wrote itself.

import type { Context } from '../../core/context.ts';

export function newMark(context: Context): string {
  return Buffer.from(context.random(markByteCount)).toString('base64url');
}

const markByteCount = 9;
