// Serves the JSON services (AWS JSON 1.0 and 1.1, by X-Amz-Target) and further REST paths on one HTTP listener.

import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { AwsError } from './aws-error.ts';
import { readBody } from './request-body.ts';

/**
 * The signer of a request. `disconnected` fires when the client disconnects, so that a long poll does not take messages
 * that nobody receives.
 */
export type Caller = { readonly accessKeyId: string; readonly disconnected?: AbortSignal };

/** One API operation. Input and answer are as on the wire. It refuses by throwing AwsError. */
export type Operation = (input: Record<string, unknown>, caller: Caller) => Promise<object> | object;

/** A service of the AWS JSON protocols. */
export type JsonService = {
  /** The IAM prefix: `sqs`, `states`, `events`, `logs`, `ecs`, `ssm`. */
  readonly name: string;
  /** The part of X-Amz-Target before the dot: `AmazonSQS`, `AWSStepFunctions`, `Logs_20140328` … */
  readonly targetPrefix: string;
  readonly operations: Readonly<Record<string, Operation>>;
  /** The ARNs that a call names, for the policy check. The default is `*`. */
  resources?(operation: string, input: Record<string, unknown>): string[];
  /** The IAM actions of operations with another name than their action (SendMessageBatch needs sqs:SendMessage). */
  readonly actions?: Readonly<Record<string, string>>;
  /** Only for services that once used the query protocol: error code → the code in `x-amzn-query-error`. */
  readonly queryErrors?: Readonly<Record<string, string>>;
};

/** An API that is found by path instead of X-Amz-Target: Lambda's Invoke and API Gateway's connection management. */
export type RestRoute = {
  match(method: string, path: string): boolean;
  /** Answers the request itself. If it throws an AwsError before it answers, that becomes a REST-JSON error. */
  handle(req: IncomingMessage, res: ServerResponse, body: Buffer, caller: Caller): Promise<void> | void;
  /** The action and resources for the policy check. Without it the route is not checked. */
  access?(method: string, path: string): { action: string; resources: string[] };
  /** Largest body in bytes. The default is `maximumBodyBytes`. */
  readonly maxBodyBytes?: number;
};

export type ControlServerOptions = {
  readonly services: readonly JsonService[];
  /** Checks the signature. Throws AwsError (403) if it is wrong. */
  verify(req: IncomingMessage, bodySha256: string): Caller | Promise<Caller>;
  /** Checks the caller's policies. Throws AwsError AccessDeniedException if they do not allow the action. */
  authorise?(caller: Caller, action: string, resources: string[]): void | Promise<void>;
  readonly rest?: readonly RestRoute[];
  /** Called for every JSON call that passed the checks, for counting. */
  onCall?(call: { service: string; operation: string; accessKeyId: string }): void;
  /**
   * Called for exceptions other than AwsError, which are faults of the platform. They are answered as InternalFailure
   * 500. By default they are written to stderr.
   */
  onFault?(fault: unknown, what: string): void;
};

/** Largest body of a JSON call. SQS and EventBridge take 1 MiB, which JSON escapes may double. */
export const maximumBodyBytes = 2 * 1024 * 1024;

/**
 * The request listener of all services except S3. It reads the body (413 above its limit), verifies the signature,
 * finds the operation (501 with its name if it is not implemented), parses, authorises, runs and answers.
 * Protocol: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
export function createControlServer(options: ControlServerOptions): RequestListener {
  return (req, res) => {
    const requestId = randomUUID();
    res.setHeader('x-amzn-requestid', requestId);
    answer(options, req, res).catch((error: unknown) => answerError(options, req, res, error));
  };
}

async function answer(options: ControlServerOptions, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const method = req.method ?? 'GET';
  const path = (req.url ?? '/').split('?', 1)[0] ?? '/';
  const route = options.rest?.find((candidate) => candidate.match(method, path));
  const body = await readBody(req, route?.maxBodyBytes ?? maximumBodyBytes);
  const verified = await options.verify(req, createHash('sha256').update(body).digest('hex'));
  const caller: Caller = { ...verified, disconnected: disconnection(res) };
  if (route) {
    const access = route.access?.(method, path);
    if (access) await options.authorise?.(caller, access.action, access.resources);
    await route.handle(req, res, body, caller);
    return;
  }
  const { service, name, operation } = findOperation(options.services, req);
  const input = parseInput(body);
  const action = `${service.name}:${service.actions?.[name] ?? name}`;
  await options.authorise?.(caller, action, service.resources?.(name, input) ?? ['*']);
  options.onCall?.({ service: service.name, operation: name, accessKeyId: caller.accessKeyId });
  send(res, 200, contentTypeOf(req), await operation(input, caller));
}

function findOperation(services: readonly JsonService[], req: IncomingMessage) {
  const target = req.headers['x-amz-target'];
  if (typeof target !== 'string' || !target.includes('.')) {
    const what = `${req.method} ${req.url}`;
    throw new AwsError(
      'NotImplementedException',
      `${what} is not a path that is served here, and X-Amz-Target is absent`,
      501,
    );
  }
  const dot = target.lastIndexOf('.');
  const name = target.slice(dot + 1);
  const service = services.find((candidate) => candidate.targetPrefix === target.slice(0, dot));
  const operation = service && Object.hasOwn(service.operations, name) ? service.operations[name] : undefined;
  if (!service || !operation) throw new AwsError('NotImplementedException', `${target} is not implemented here`, 501);
  return { service, name, operation };
}

function parseInput(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new AwsError('SerializationException', `The body is not JSON: ${(cause as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AwsError('SerializationException', 'The body must be a JSON object');
  }
  return value as Record<string, unknown>;
}

function answerError(options: ControlServerOptions, req: IncomingMessage, res: ServerResponse, error: unknown): void {
  const target = req.headers['x-amz-target'];
  const what = typeof target === 'string' ? target : `${req.method} ${req.url}`;
  const known = error instanceof AwsError;
  if (!known) (options.onFault ?? reportFault)(error, what);
  if (res.destroyed) return;
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const refusal = known ? error : new AwsError('InternalFailure', `${what} failed. See the platform's log.`, 500);
  const service = options.services.find((candidate) => what.startsWith(`${candidate.targetPrefix}.`));
  res.setHeader('x-amzn-errortype', refusal.code);
  if (service?.queryErrors) {
    const fault = refusal.status < 500 ? 'Sender' : 'Receiver';
    res.setHeader('x-amzn-query-error', `${service.queryErrors[refusal.code] ?? refusal.code};${fault}`);
  }
  if (!req.complete) res.setHeader('connection', 'close');
  send(res, refusal.status, contentTypeOf(req), { __type: refusal.code, message: refusal.message, ...refusal.extra });
}

function reportFault(fault: unknown, what: string): void {
  console.error(`${what}:`, fault);
}

function send(res: ServerResponse, status: number, contentType: string, value: object): void {
  const body = Buffer.from(JSON.stringify(value));
  res.writeHead(status, { 'content-type': contentType, 'content-length': body.length });
  res.end(body);
}

/** Answers in the JSON version of the request. REST paths get plain JSON. */
function contentTypeOf(req: IncomingMessage): string {
  const asked = req.headers['content-type'] ?? '';
  const version = /^application\/x-amz-json-1\.[01]/.exec(asked);
  return version ? version[0] : 'application/json';
}

function disconnection(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => {
    if (!res.writableFinished) controller.abort();
  });
  return controller.signal;
}
