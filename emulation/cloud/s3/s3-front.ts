// Prepares every operation of S3: identifies the caller, verifies the signature, finds the operation and authorises it.
// An operation that is not in the table is answered with 501 and its name.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { AwsError } from '../wire/aws-error.ts';
import { type Credentials, verifySignature } from '../wire/signature.ts';
import { answerPreflight, type CorsRule, corsHeaders } from './cors.ts';
import { type Entry, findOperation, operations } from './operation-table.ts';
import { sendError, sendReply } from './reply.ts';
import { bucketArn, headerReader, objectArn, parseResource, type S3Request } from './request.ts';
import { refuse } from './s3-error.ts';

/** The callers, their permissions, and the functions to call for counting and faults. */
export type S3FrontOptions = {
  readonly credentials: Credentials;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Throws AwsError AccessDenied if the caller's policies do not allow the action on the ARN. */
  readonly authorise?: (caller: { accessKeyId: string }, action: string, resources: string[]) => void | Promise<void>;
  /** Called for every operation that passed the checks, for counting. */
  readonly onCall?: (call: { operation: string; accessKeyId: string }) => void;
  /**
   * Called for exceptions that are faults of the platform. They are answered as InternalError 500. By default they are
   * written to stderr.
   */
  readonly onFault?: (fault: unknown, what: string) => void;
  /** Further operations, for test suites. */
  readonly operations?: readonly Entry[];
};

/** Carries out operations. */
export type S3Back = {
  corsRules(bucket: string): readonly CorsRule[];
  /** Answers a request that passed the checks. If it throws an AwsError before it answers, that becomes S3's XML. */
  run(operation: Entry, request: S3Request, res: ServerResponse): Promise<void>;
};

export function createS3Front(options: S3FrontOptions, back: S3Back): RequestListener {
  return (http, res) => {
    serve(options, back, http, res).catch((fault: unknown) => report(options, fault, http));
  };
}

async function serve(options: S3FrontOptions, back: S3Back, http: IncomingMessage, res: ServerResponse): Promise<void> {
  const requestId = randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase();
  res.setHeader('x-amz-request-id', requestId);
  res.setHeader('server', 'AmazonS3');
  try {
    const resource = parseResource(http.url ?? '/');
    const rules = back.corsRules(resource.bucket);
    if (http.method === 'OPTIONS') {
      await sendReply(http, res, { headers: answerPreflight(rules, http.headers) });
      return;
    }
    res.setHeaders(new Map(Object.entries(corsHeaders(rules, http.headers, http.method ?? ''))));
    const signed = verifySignature(http, { credentials: options.credentials, now: options.now ?? Date.now });
    const { accessKeyId } = signed;
    const header = headerReader(http, resource.query, signed.presigned);
    const authorise = async (action: string, arn: string) => options.authorise?.({ accessKeyId }, action, [arn]);
    await perform(options, back, { ...resource, http, requestId, signed, header, authorise }, res);
  } catch (error) {
    if (!(error instanceof AwsError) && !http.socket.destroyed) report(options, error, http);
    sendError(http, res, error, requestId);
  }
}

async function perform(options: S3FrontOptions, back: S3Back, request: S3Request, res: ServerResponse): Promise<void> {
  const { http, bucket, key, query, header } = request;
  const level = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object';
  const entries = [...operations, ...(options.operations ?? [])];
  const isCopy = http.method === 'PUT' && header('x-amz-copy-source') !== undefined;
  const found = findOperation(entries, http.method ?? '', level, query, isCopy);
  if ('unserved' in found) {
    throw refuse('NotImplemented', { Operation: found.unserved }, `${found.unserved} is not implemented here`);
  }
  if (found.action) await request.authorise(found.action, level === 'object' ? objectArn(request) : bucketArn(bucket));
  options.onCall?.({ operation: found.name, accessKeyId: request.signed.accessKeyId });
  try {
    await back.run(found, request, res);
  } catch (error) {
    // As on S3, a caller that may not list the bucket must not learn that a key is absent, and gets AccessDenied.
    if (error instanceof AwsError && error.code === 'NoSuchKey')
      await request.authorise('s3:ListBucket', bucketArn(bucket));
    throw error;
  }
}

function report(options: S3FrontOptions, fault: unknown, http: IncomingMessage): void {
  // The query is left out, because it may hold a signature that is still valid.
  const what = `S3 ${http.method} ${(http.url ?? '').split('?', 1)[0]}`;
  if (options.onFault) options.onFault(fault, what);
  else console.error(`${what}:`, fault);
}
