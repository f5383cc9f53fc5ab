// Lambda's Invoke for SDK clients: POST /2015-03-31/functions/{name}/invocations.

import { arnOf } from '../wire/account.ts';
import { AwsError } from '../wire/aws-error.ts';
import type { RestRoute } from '../wire/control-server.ts';
import type { Lambda } from './lambda.ts';

/**
 * API_Invoke: RequestResponse answers with the function's result. Event answers 202 as soon as the event is durable.
 */
export function invokeRoute(lambda: Lambda): RestRoute {
  const nameIn = (path: string) => decodeURIComponent(invocationPath.exec(path)?.[1] ?? '');
  return {
    match: (method, path) => method === 'POST' && invocationPath.test(path),
    maxBodyBytes: maximumPayloadBytes,
    access: (_method, path) => {
      const name = nameIn(path);
      const resource = name.startsWith('arn:') ? name : arnOf('lambda', `function:${name}`);
      return { action: 'lambda:InvokeFunction', resources: [resource] };
    },
    async handle(req, res, body) {
      const name = nameIn((req.url ?? '').split('?', 1)[0] ?? '');
      const type = req.headers['x-amz-invocation-type'] ?? 'RequestResponse';
      const payload = body.length === 0 ? '{}' : body.toString('utf8');
      checkJson(payload);
      if (type === 'Event') {
        if (body.length > maximumEventBytes) {
          throw new AwsError('RequestTooLargeException', `An event has at most ${maximumEventBytes} bytes.`, 413);
        }
        lambda.invokeLater(name, payload);
        res.writeHead(202).end();
        return;
      }
      if (type !== 'RequestResponse') {
        throw new AwsError(
          'InvalidParameterValueException',
          `The invocation type ${String(type)} is not supported here.`,
        );
      }
      const result = await lambda.invoke(name, payload);
      res.setHeader('content-type', 'application/json');
      res.setHeader('x-amz-executed-version', '$LATEST');
      if ('error' in result) res.setHeader('x-amz-function-error', 'Unhandled');
      res.writeHead(200).end('error' in result ? JSON.stringify(result.error) : result.payload);
    },
  };
}

function checkJson(payload: string): void {
  try {
    JSON.parse(payload);
  } catch (cause) {
    const text = `Could not parse request body into json: ${(cause as Error).message}`;
    throw new AwsError('InvalidRequestContentException', text);
  }
}

const invocationPath = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
/** Largest payload of a synchronous invocation. An asynchronous one may have 1 MB. */
const maximumPayloadBytes = 6 * 1024 * 1024;
const maximumEventBytes = 1024 * 1024;
