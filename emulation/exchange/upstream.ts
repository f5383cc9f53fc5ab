// Sends requests to an S3 elsewhere in the user's name, with the bytes of the body unchanged.

import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as SecureAgent } from 'node:https';
import { idleConnectionMs } from './json-client.ts';
import type { Place } from './place.ts';
import { type OutgoingRequest, signedHeaders } from './request-signature.ts';

export type Upstream = {
  /** Resolves with the head of the answer. @throws the network's error when there is no answer. */
  send(request: Omit<OutgoingRequest, 'url'>, body: IncomingMessage | Buffer): Promise<IncomingMessage>;
  close(): void;
};

export function createUpstream(place: Place): Upstream {
  const url = new URL(place.endpoint);
  const secure = url.protocol === 'https:';
  const agentOptions = { keepAlive: true, maxSockets: maximumConnectionCount, timeout: idleConnectionMs };
  const agent = secure ? new SecureAgent(agentOptions) : new Agent(agentOptions);
  const base = url.pathname === '/' ? '' : url.pathname;
  return {
    send(request, body) {
      const { method } = request;
      const target = base + request.target;
      const headers = signedHeaders({ ...request, target, url }, place, 's3');
      const settings = { method, path: target, headers, agent, timeout: silenceLimitMs };
      return answerTo((secure ? httpsRequest : httpRequest)(url, settings), body);
    },
    close: () => agent.destroy(),
  };
}

function answerTo(req: ClientRequest, body: IncomingMessage | Buffer): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  req.once('response', resolve).on('error', reject);
  req.once('timeout', () => req.destroy(new Error(`nothing arrived for ${silenceLimitMs / 1000} s`)));
  if (Buffer.isBuffer(body)) req.end(body);
  else pour(body, req);
  return promise;
}

/** `pipeline` would also end the client's connection, on which the client must still get the reason. */
function pour(body: IncomingMessage, req: ClientRequest): void {
  const broken = () => {
    if (!body.complete) req.destroy(new Error('the body broke off'));
  };
  body.once('error', broken).once('close', broken);
  // Some services refuse a request before they have read its body. The rest of the body is dropped.
  req.once('close', () => body.unpipe(req).resume());
  body.pipe(req);
}

const maximumConnectionCount = 64;
/** S3 may send nothing for minutes while it joins the parts of a large upload. */
const silenceLimitMs = 300_000;
