// Reads the body of an HTTP request up to a limit.

import type { IncomingMessage } from 'node:http';
import { AwsError } from './aws-error.ts';

/**
 * Returns the whole body. A body above `limitBytes` is discarded as it arrives, so that the client reads the refusal
 * (413 RequestEntityTooLargeException with the limit) instead of a reset connection. One far above it is cut off.
 */
export async function readBody(req: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size <= limitBytes) chunks.push(chunk);
      else chunks.length = 0;
      if (size > limitBytes * patienceFactor) break;
    }
  } catch (cause) {
    const refusal = new AwsError('IncompleteBody', 'The connection ended before the whole body had arrived');
    refusal.cause = cause;
    throw refusal;
  }
  if (size > limitBytes) {
    throw new AwsError('RequestEntityTooLargeException', `The body is larger than ${limitBytes} bytes`, 413);
  }
  return Buffer.concat(chunks, size);
}

/** A client that sends more than this many times the limit is disconnected. */
const patienceFactor = 8;
