// S3 on one listener: identify, verify, find the operation, authorise, run, answer. It must not know what an operation does.
// What is not in the table of operations is answered 501 and named.
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { DatabaseSync } from 'node:sqlite';
import { AwsError } from '../wire/aws-error.ts';
import { type Credentials, verifySignature } from '../wire/signature.ts';
import { BlobFolder } from './blob-folder.ts';
import { answerPreflight, type CorsRule, corsHeaders } from './cors.ts';
import { ObjectTable } from './object-table.ts';
import { checkBucketName } from './operation/bucket.ts';
import { findOperation } from './operation-table.ts';
import { type ObjectCreated, Outbox } from './outbox.ts';
import { sendError, sendReply } from './reply.ts';
import { bucketArn, headerReader, objectArn, parseResource, type S3Core, type S3Request } from './request.ts';
import { refuse } from './s3-error.ts';

export type S3Options = {
  /** Holds the bytes of objects; made when absent. Nobody else may write in it. */
  folder: string;
  /** As `openDatabase` opens it: what is acknowledged must be durable. */
  database: DatabaseSync;
  credentials: Credentials;
  /** ms since the epoch. */
  now?: () => number;
  /** Gets each "Object Created" of buckets with eventBridge, at least once; one that it rejects is handed over again later. */
  onEvent?: (event: ObjectCreated) => Promise<void> | void;
  /** Throws AwsError AccessDenied where the caller's policies do not allow the action on the ARN. */
  authorise?: (caller: { accessKeyId: string }, action: string, resources: string[]) => void | Promise<void>;
  /** Told of every call that passed the checks, for counting. */
  onCall?: (call: { operation: string; accessKeyId: string }) => void;
  /** Told of exceptions that are faults of ours; they are answered as InternalError 500. Default: stderr. */
  onFault?: (fault: unknown, what: string) => void;
};

export type S3 = {
  /** For `http.createServer`. Bodies may take long: the server's `requestTimeout` should be 0. */
  listener: RequestListener;
  /** Creates a bucket of the template, or gives the one that is there these settings. */
  createBucket(name: string, settings: { eventBridge: boolean; cors?: CorsRule[] }): void;
  /** Ends the delivery of events. Requests under way are the HTTP server's to end, before this. */
  close(): Promise<void>;
};

/** Opens the store (what a crash left behind is swept) and hands over events that were not delivered before. */
export function createS3(options: S3Options): S3 {
  const { folder, database, onEvent = () => {} } = options;
  const now = options.now ?? Date.now;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const table = new ObjectTable(database);
  const outbox = new Outbox(database, now, onEvent);
  const core: S3Core = { database, table, outbox, now, blobs: new BlobFolder(folder, table.blobs()) };
  outbox.deliver();
  return {
    listener: (http, res) => {
      serve(core, options, http, res).catch((fault: unknown) => report(options, fault, http));
    },
    createBucket(name, { eventBridge, cors = [] }) {
      checkBucketName(name);
      const createdAt = table.loadBucket(name)?.createdAt ?? now();
      table.putBucket({ name, createdAt, eventBridge, cors });
    },
    close: () => outbox.close(),
  };
}

async function serve(core: S3Core, options: S3Options, http: IncomingMessage, res: ServerResponse): Promise<void> {
  const requestId = randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase();
  res.setHeader('x-amz-request-id', requestId);
  res.setHeader('server', 'AmazonS3');
  try {
    const resource = parseResource(http.url ?? '/');
    const rules = core.table.loadBucket(resource.bucket)?.cors ?? [];
    if (http.method === 'OPTIONS') {
      await sendReply(http, res, { headers: answerPreflight(rules, http.headers) });
      return;
    }
    res.setHeaders(new Map(Object.entries(corsHeaders(rules, http.headers, http.method ?? ''))));
    const signed = verifySignature(http, { credentials: options.credentials, now: core.now });
    const { accessKeyId } = signed;
    const header = headerReader(http, resource.query, signed.presigned);
    const authorise = async (action: string, arn: string) => options.authorise?.({ accessKeyId }, action, [arn]);
    await perform(core, options, { ...resource, http, requestId, signed, header, authorise }, res);
  } catch (error) {
    if (!(error instanceof AwsError) && !http.destroyed) report(options, error, http);
    sendError(http, res, error, requestId);
  }
}

async function perform(core: S3Core, options: S3Options, request: S3Request, res: ServerResponse): Promise<void> {
  const { http, bucket, key, query, header } = request;
  const level = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object';
  const found = findOperation(http.method ?? '', level, query, (name) => header(name) !== undefined);
  if ('unserved' in found) {
    throw refuse('NotImplemented', { Operation: found.unserved }, `${found.unserved} is not implemented here`);
  }
  if (found.action) await request.authorise(found.action, level === 'object' ? objectArn(request) : bucketArn(bucket));
  options.onCall?.({ operation: found.name, accessKeyId: request.signed.accessKeyId });
  try {
    await sendReply(http, res, await found.run(core, request));
  } catch (error) {
    // Whoever may not list a bucket is not told that a key is absent: AccessDenied, as S3 answers.
    if (error instanceof AwsError && error.code === 'NoSuchKey')
      await request.authorise('s3:ListBucket', bucketArn(bucket));
    throw error;
  }
}

function report(options: S3Options, fault: unknown, http: IncomingMessage): void {
  // The query may hold a signature that is still good.
  const what = `S3 ${http.method} ${(http.url ?? '').split('?', 1)[0]}`;
  if (options.onFault) options.onFault(fault, what);
  else console.error(`${what}:`, fault);
}
