// Proves that the suites find wrong answers: our engine stands behind a proxy that changes one answer, and a check must
// fail.

import type { Endpoint } from '../contract/endpoint.ts';
import { startOurs as startDynamoDb } from '../contract/engine/dynamodb.ts';
import { startOurs as startEventBridge } from '../contract/engine/event-bridge.ts';
import { startOurs as startLogs } from '../contract/engine/logs.ts';
import { startOurs as startS3 } from '../contract/engine/s3.ts';
import { startOurs as startSqs } from '../contract/engine/sqs.ts';
import { startOurs as startStepFunctions } from '../contract/engine/step-functions.ts';
import { type Corrupt, openProxy } from './proxy.ts';
import { endpointVariable, judge, type Suite } from './suite.ts';

type Fault = {
  readonly service: string;
  readonly start: () => Promise<Endpoint>;
  /** The mistake that our engine would have to make. */
  readonly what: string;
  readonly corrupt: Corrupt;
  /** The check that must fail. */
  readonly check: string;
};

/** One wrong answer for each service, as our engine could give it by a small mistake. */
const faults: readonly Fault[] = [
  {
    service: 's3',
    start: startS3,
    what: 'S3 answers a GET with another ETag',
    corrupt: ({ method }, answer) =>
      method === 'GET' && answer.headers.etag ? { ...answer, headers: { ...answer.headers, etag: '"0"' } } : undefined,
    check: 's3/put-get',
  },
  {
    service: 'sqs',
    start: startSqs,
    what: 'SQS counts one message too many',
    corrupt: inAnswer(
      'GetQueueAttributes',
      /("ApproximateNumberOfMessages":)"(\d+)"/,
      (_, name, count) => `${name}"${Number(count) + 1}"`,
    ),
    check: 'sqs/depth',
  },
  {
    service: 'logs',
    start: startLogs,
    what: 'CloudWatch Logs loses the first event of a page',
    corrupt: inAnswer('GetLogEvents', /("events":\[)\{[^{}]*\},?/, (_, start) => start),
    check: 'logs/round-trip',
  },
  {
    service: 'event-bridge',
    start: startEventBridge,
    what: 'EventBridge finds that an event does not match',
    corrupt: inAnswer('TestEventPattern', /"Result":true/, () => '"Result":false'),
    check: 'event-bridge/pattern-exact',
  },
  {
    service: 'step-functions',
    start: startStepFunctions,
    what: 'Step Functions numbers the predecessors of its events wrongly',
    corrupt: inAnswer('GetExecutionHistory', /"previousEventId":2/, () => '"previousEventId":1'),
    check: 'sfn/history',
  },
  {
    service: 'dynamodb',
    start: startDynamoDb,
    what: 'DynamoDB answers a refused condition as if it had held',
    corrupt: ({ operation }, answer) =>
      operation === 'PutItem' && answer.body.includes('ConditionalCheckFailedException')
        ? { ...answer, status: 200, body: '{}' }
        : undefined,
    check: 'dynamodb/put-absent',
  },
];

/** @returns for each fault the problem, if no check found it. */
export async function judgePlanted(
  suites: readonly Suite[],
): Promise<{ fault: string; problem: string | undefined }[]> {
  const judged = [];
  for (const fault of faults) judged.push({ fault: fault.what, problem: await problemOf(fault, suites) });
  const unplanted = [...new Set(suites.map(({ service }) => service))].filter(
    (service) => !faults.some((fault) => fault.service === service),
  );
  for (const fault of unplanted) judged.push({ fault, problem: 'no wrong answer of this service is planted' });
  return judged;
}

async function problemOf(
  { service, start, corrupt, check }: Fault,
  suites: readonly Suite[],
): Promise<string | undefined> {
  const proxy = await openProxy(await start(), corrupt);
  try {
    const meant = suites.filter((suite) => suite.service === service && suite.file.endsWith(`/${service}.test.ts`));
    const { passed, failed } = await judge(meant, {
      [endpointVariable(service)]: proxy.endpoint,
      AWS_ACCESS_KEY_ID: proxy.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: proxy.credentials.secretAccessKey,
    });
    if (!failed.some((failure) => failure.check === check)) return `${check} did not fail`;
    // Most checks must pass, because otherwise the proxy itself is broken.
    if (passed.length < failed.length) return `only ${passed.length} of ${passed.length + failed.length} checks passed`;
    return proxy.corruptedCount() > 0 ? undefined : 'no answer was changed';
  } finally {
    await proxy.close();
  }
}

function inAnswer(operation: string, pattern: RegExp, replace: (...match: string[]) => string): Corrupt {
  return (call, answer) => {
    const body = call.operation === operation ? answer.body.replace(pattern, replace) : answer.body;
    return body === answer.body ? undefined : { ...answer, body };
  };
}
