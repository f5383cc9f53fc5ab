// A refusal in the form of the API on a bare connection: for requests that Node does not parse, and for sockets.

import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ApiError, invalidInput } from '../../core/error/api-error.ts';

/** Sends it and ends the connection. */
export function refuseOn(socket: Duplex, error: ApiError, status: number = error.status): void {
  const body = JSON.stringify(error.toBody());
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** Answers what the parser of Node refuses, as an error of its own says it. */
export function refuseUnparsed(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Nothing reaches a client that has gone.
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const { status, why } = unparsed[error.code ?? ''] ?? { status: 400, why: `it is not HTTP (${error.message})` };
  refuseOn(socket, invalidInput(`The request cannot be read: ${why}`), status);
}

const unparsed: Readonly<Record<string, { readonly status: number; readonly why: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, why: 'its headers have more than 16 KB' },
  HPE_INVALID_METHOD: { status: 400, why: 'its HTTP method is unknown: every method of this API is called by POST' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, why: 'its headers did not arrive in time' },
};
