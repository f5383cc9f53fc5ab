// Runs the code of a CloudFront function on a request before the request goes to its origin.
// Event structure: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html

import { type Context, createContext, Script } from 'node:vm';

export type EdgeRequest = {
  readonly method: string;
  /** The path. */
  readonly uri: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
};

export type EdgeFunction = (request: EdgeRequest) => EdgeRequest | { readonly status: number };

type Values = Record<string, { readonly value: string; readonly multiValue?: readonly { readonly value: string }[] }>;

/** @throws SyntaxError if the code cannot be parsed. A function that fails is answered with 503, as on AWS. */
export function compileEdgeFunction(code: string): EdgeFunction {
  const script = new Script(`${code}\nJSON.stringify(handler(JSON.parse(__event)));`);
  return (request) => {
    const event = {
      version: '1.0',
      context: { eventType: 'viewer-request' },
      viewer: { ip: '127.0.0.1' },
      request: {
        method: request.method,
        uri: request.uri,
        querystring: toValues(new URLSearchParams(request.query)),
        headers: toValues(Object.entries(request.headers)),
        cookies: {},
      },
    };
    try {
      // Each request gets a fresh context, so that it sees nothing of another request.
      const context: Context = createContext({ __event: JSON.stringify(event) });
      return readResult(JSON.parse(script.runInContext(context, { timeout: timeLimitMs }) as string), request);
    } catch {
      return { status: 503 };
    }
  };
}

function readResult(result: Readonly<Record<string, unknown>>, request: EdgeRequest): ReturnType<EdgeFunction> {
  if (typeof result.statusCode === 'number') return { status: result.statusCode };
  const { uri, querystring } = result as { uri: string; querystring: Values };
  const query = new URLSearchParams();
  for (const [name, { value, multiValue }] of Object.entries(querystring)) {
    for (const one of multiValue ?? [{ value }]) query.append(name, one.value);
  }
  return { ...request, uri, query: query.toString() };
}

function toValues(pairs: Iterable<readonly [string, string]>): Values {
  const values: Values = {};
  for (const [name, value] of pairs) {
    const before = values[name];
    values[name] = before
      ? { value: before.value, multiValue: [...(before.multiValue ?? [{ value: before.value }]), { value }] }
      : { value };
  }
  return values;
}

/**
 * CloudFront allows a function about a millisecond of computing. This limit is wall-clock time, so it leaves room for a
 * busy machine.
 */
const timeLimitMs = 500;
