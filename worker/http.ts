// HTTP for the worker, on node:http itself. A worker lives for one job, and loading `fetch` would cost it more
// processor time than all its calls.

import type { IncomingMessage } from 'node:http';

// These modules are not imported: an ES import reads all their exports, and one of the exports loads all of `fetch`.
const http = process.getBuiltinModule('node:http');

export type Question = {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Longest time without a byte; a minute by default. */
  readonly answerLimitMs?: number | undefined;
  /** Breaks the connection off when it is aborted, also in the middle of the answer. */
  readonly over?: AbortSignal;
};

const agent = new http.Agent({ keepAlive: true });

/**
 * Resolves with the answer's head. Its body is a stream that must be read or destroyed. Redirects of a GET are
 * followed.
 */
export async function ask(url: string, question: Question): Promise<IncomingMessage> {
  let target = url;
  for (let redirects = 0; redirects <= redirectLimit; redirects += 1) {
    const answer = await askOnce(target, question);
    const { location } = answer.headers;
    if (question.method !== 'GET' || location === undefined || !isRedirect(answer.statusCode)) return answer;
    answer.resume();
    target = new URL(location, target).href;
  }
  throw new Error(`${new URL(url).origin} redirects more than ${redirectLimit} times`);
}

/** The body of an answer as text. */
export async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function isRedirect(status: number | undefined): boolean {
  return status !== undefined && status >= 300 && status < 400;
}

function askOnce(url: string, question: Question): Promise<IncomingMessage> {
  const secure = new URL(url).protocol === 'https:';
  const send = secure ? process.getBuiltinModule('node:https').request : http.request;
  const headers = { ...question.headers };
  if (question.body !== undefined) headers['content-length'] = String(Buffer.byteLength(question.body));
  const limitMs = question.answerLimitMs ?? answerLimitMs;
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      {
        method: question.method,
        ...(secure ? {} : { agent }),
        headers,
        timeout: limitMs,
        ...(question.over ? { signal: question.over } : {}),
      },
      resolve,
    );
    request.on('timeout', () => request.destroy(new Error(`no answer within ${limitMs} ms`)));
    request.on('error', reject);
    request.end(question.body);
  });
}

const redirectLimit = 5;
const answerLimitMs = 60_000;
