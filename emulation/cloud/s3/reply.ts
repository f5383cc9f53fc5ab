// Writes answers: XML documents, streams of bytes, and refusals.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AwsError } from '../wire/aws-error.ts';
import type { S3Reply } from './request.ts';
import { renderXml } from './xml.ts';

/** Sends a reply. It is not an error if the client disconnects while bytes are sent. */
export async function sendReply(http: IncomingMessage, res: ServerResponse, reply: S3Reply): Promise<void> {
  const { status = 200, headers = {}, body } = reply;
  if (typeof body === 'object') {
    res.writeHead(status, headers);
    try {
      await pipeline(Readable.from(body), res);
    } catch (error) {
      if (!http.socket.destroyed) throw error;
    }
    return;
  }
  const bytes = Buffer.from(body ?? '');
  const type = body === undefined ? {} : { 'content-type': 'application/xml' };
  const length = status === 204 || status === 304 ? {} : { 'content-length': String(bytes.length) };
  res.writeHead(status, { ...length, ...type, ...headers });
  res.end(http.method === 'HEAD' ? undefined : bytes);
}

/**
 * Sends a refusal as S3's XML, or InternalError for a fault of the platform. If bytes were already sent, it cuts the
 * connection.
 */
export function sendError(http: IncomingMessage, res: ServerResponse, error: unknown, requestId: string): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const refusal = error instanceof AwsError ? error : internalError();
  const path = (http.url ?? '/').split('?', 1)[0] ?? '/';
  const extra = Object.fromEntries(Object.entries(refusal.extra).map(([name, value]) => [name, String(value)]));
  const { code: Code, message: Message } = refusal;
  const document = { Code, Message, ...extra, Resource: path, RequestId: requestId, HostId: requestId };
  const bytes = Buffer.from(renderXml({ Error: document }));
  if (!http.complete) dropRest(http);
  res.writeHead(refusal.status, { 'content-type': 'application/xml', 'content-length': String(bytes.length) });
  res.end(http.method === 'HEAD' ? undefined : bytes);
}

function dropRest(http: IncomingMessage): void {
  let dropped = 0;
  http.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > maximumDroppedBytes) http.destroy();
  });
  // The client has its answer, so it may disconnect now.
  http.on('error', () => http.destroy());
  http.resume();
}

function internalError(): AwsError {
  return new AwsError('InternalError', "We encountered an internal error. See the platform's log.", 500);
}

/**
 * If a client is still sending when its request is refused, up to this much is read and dropped, so that it sees the
 * answer. After that the connection is cut.
 */
const maximumDroppedBytes = 256 * 1024 ** 2;
