// Answers signed links: PUT of a part, GET and HEAD of a file with ranges, OPTIONS of a browser.

import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { contentDisposition } from '../../aws/s3/disposition.ts';
import { ApiError, type ErrorType } from '../../core/error/api-error.ts';
import { given } from '../../core/given.ts';
import type { Digests } from './digest.ts';
import { type FileStore, syncFolder } from './file-store.ts';
import type { ContentLinks, DownloadGrant, UploadGrant } from './link.ts';
import { readRange } from './range.ts';

export type ContentServer = {
  readonly files: FileStore;
  readonly links: ContentLinks;
  readonly digests: Digests;
  readonly now: () => number;
};

export async function serveContent(server: ContentServer, req: IncomingMessage, res: ServerResponse): Promise<void> {
  for (const [name, value] of Object.entries(corsHeaders)) res.setHeader(name, value);
  if (req.method === 'OPTIONS') return void res.writeHead(204, preflightHeaders).end();
  const grant = await server.links.read(req.url ?? '');
  const { upload, download } = grant ?? {};
  if ((upload ?? download)?.expires === undefined) return refuse(req, res, 403, 'This link is not valid.');
  if (Number((upload ?? download)?.expires) <= server.now())
    return refuse(req, res, 403, 'This link has expired: ask for a new one.');
  if (upload !== undefined && req.method === 'PUT') return receive(server, upload, req, res);
  if (download !== undefined && (req.method === 'GET' || req.method === 'HEAD'))
    return send(server, download, req, res);
  const allowed = upload === undefined ? 'GET, HEAD' : 'PUT';
  res.setHeader('allow', allowed);
  refuse(req, res, 405, `This link answers ${allowed}, not ${req.method}.`);
}

/** Takes exactly the announced bytes. A part that breaks off or differs leaves nothing. */
async function receive(
  { files, digests }: ContentServer,
  { upload, part }: UploadGrant,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const given = req.headers['content-length'];
  if (given !== undefined && Number(given) !== part.size)
    return refuse(req, res, 400, `The link is for ${part.size} bytes, not ${given}.`);
  const place = await files.partPlace(upload, part);
  if (place === undefined) return refuse(req, res, 404, 'This upload was completed or given up.');
  const digest = digests.open();
  let size = 0;
  try {
    await pipeline(
      req,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          size += chunk.length;
          if (size > part.size) throw new WrongBytes(`The link is for ${part.size} bytes, and more came.`);
          await digest.add(chunk);
          yield chunk;
        }
      },
      createWriteStream(place.draft, { flush: true, mode: 0o600 }),
    );
    if (size !== part.size) throw new WrongBytes(`The link is for ${part.size} bytes, and ${size} came.`);
    const md5 = await digest.end();
    if (md5 !== part.md5) throw new WrongBytes(`The bytes have the MD5 ${md5}; the link is for ${part.md5}.`);
    await rename(place.draft, place.path);
    await syncFolder(dirname(place.path));
    res.writeHead(200, { etag: `"${md5}"`, 'content-length': '0' }).end();
  } catch (error) {
    digest.drop();
    await rm(place.draft, { force: true });
    if (!(error instanceof WrongBytes)) throw error;
    refuse(req, res, 400, error.message);
  }
}

async function send(
  { files }: ContentServer,
  { key, filename, media }: DownloadGrant,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const path = files.pathOf(key);
  const facts = await stat(path).catch(() => undefined);
  if (facts === undefined) return refuse(req, res, 404, 'The file does not exist any more.');
  const range = readRange(req.headers.range, facts.size);
  res.setHeader('accept-ranges', 'bytes');
  if (range === 'beyond') {
    res.setHeader('content-range', `bytes */${facts.size}`);
    return refuse(req, res, 416, `The file has ${facts.size} bytes, and the range begins behind them.`);
  }
  const { start, end } = range ?? { start: 0, end: facts.size - 1 };
  res.writeHead(range === undefined ? 200 : 206, {
    'content-length': String(end - start + 1),
    'content-type': media ?? 'application/octet-stream',
    'last-modified': facts.mtime.toUTCString(),
    ...given({
      'content-range': range && `bytes ${start}-${end}/${facts.size}`,
      'content-disposition': filename === undefined ? undefined : contentDisposition(filename),
    }),
  });
  if (req.method === 'HEAD' || end < start) return void res.end();
  await pipeline(createReadStream(path, { start, end, highWaterMark: chunkBytes }), res);
}

class WrongBytes extends Error {}

/** The rest of a body that is not wanted is not read. */
function refuse(req: IncomingMessage, res: ServerResponse, status: number, why: string): void {
  const hasBody = req.method === 'PUT' && !req.complete;
  const text = JSON.stringify(new ApiError(errorTypes[status] ?? 'InvalidInput', why).toBody());
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    ...(hasBody ? { connection: 'close' } : {}),
  });
  res.end(req.method === 'HEAD' ? '' : text);
}

/** Links keep the statuses of S3, which clients know. */
const errorTypes: Readonly<Record<number, ErrorType>> = { 403: 'PermissionDenied', 404: 'ResourceNotFound' };

const corsHeaders = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'etag, content-range, accept-ranges, content-length',
} as const;
const preflightHeaders = {
  'access-control-allow-methods': 'GET, HEAD, PUT, OPTIONS',
  'access-control-allow-headers': 'content-type, content-md5, range',
  'access-control-max-age': '7200',
} as const;
const chunkBytes = 256 * 1024;
