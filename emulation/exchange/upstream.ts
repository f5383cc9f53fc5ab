// Sends requests to an S3 elsewhere in the user's name, bytes as they come. It knows no operation.
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as SecureAgent } from 'node:https';
import { IDLE_CONNECTION_MS } from './json-client.ts';
import type { Place } from './place.ts';
import { type OutgoingRequest, signedHeaders } from './request-signature.ts';

export type Upstream = {
  /** Resolves with the head of the answer. @throws the network's error when there is none. */
  send(request: Omit<OutgoingRequest, 'url'>, body: IncomingMessage | Buffer): Promise<IncomingMessage>;
  close(): void;
};

const MAX_CONNECTIONS = 64;
/** S3 may be silent for minutes while it joins a large upload. */
const SILENCE_LIMIT_MS = 300_000;

export function createUpstream(place: Place): Upstream {
  const url = new URL(place.endpoint);
  const secure = url.protocol === 'https:';
  const agentOptions = { keepAlive: true, maxSockets: MAX_CONNECTIONS, timeout: IDLE_CONNECTION_MS };
  const agent = secure ? new SecureAgent(agentOptions) : new Agent(agentOptions);
  const base = url.pathname === '/' ? '' : url.pathname;
  return {
    send(request, body) {
      const { method } = request;
      const target = base + request.target;
      const headers = signedHeaders({ ...request, target, url }, place, 's3');
      const settings = { method, path: target, headers, agent, timeout: SILENCE_LIMIT_MS };
      return answerTo((secure ? httpsRequest : httpRequest)(url, settings), body);
    },
    close: () => agent.destroy(),
  };
}

function answerTo(req: ClientRequest, body: IncomingMessage | Buffer): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  req.once('response', resolve).on('error', reject);
  req.once('timeout', () => req.destroy(new Error(`there was no byte for ${SILENCE_LIMIT_MS / 1000} s`)));
  if (Buffer.isBuffer(body)) req.end(body);
  else pour(body, req);
  return promise;
}

/** Not `pipeline`: it would end the client's connection with the other one, and the client is to be told why. */
function pour(body: IncomingMessage, req: ClientRequest): void {
  const broken = () => {
    if (!body.complete) req.destroy(new Error('the body broke off'));
  };
  body.once('error', broken).once('close', broken);
  // Some services refuse before they have read it all: the rest is dropped.
  req.once('close', () => body.unpipe(req).resume());
  body.pipe(req);
}
