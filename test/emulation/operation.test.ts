// Tests that the emulation serves exactly the operations that the product calls. Its tables are compared with the SDK's
// commands in aws/, and the tasks that it runs with the resources of the state machine.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { dynamoOperations } from '../../emulation/authority/dynamo-access.ts';
import { connectionOperations } from '../../emulation/cloud/api-gateway/connection-route.ts';
import { createEcs } from '../../emulation/cloud/ecs/ecs.ts';
import { createLogs } from '../../emulation/cloud/logs/logs.ts';
import { operations as s3Operations } from '../../emulation/cloud/s3/operation-table.ts';
import { createSqs } from '../../emulation/cloud/sqs/sqs.ts';
import { createSsm } from '../../emulation/cloud/ssm/ssm.ts';
import { createStepFunctions } from '../../emulation/cloud/step-functions/step-functions.ts';
import { taskArguments } from '../../emulation/cloud/step-functions/task-argument.ts';
import { createForeignLogs } from '../../emulation/exchange/foreign-logs.ts';
import { createForeignQueues } from '../../emulation/exchange/foreign-queues.ts';
import { scriptDriver } from '../contract/engine/ecs.ts';
import { readSourceTree } from '../tidy/source-tree.ts';

/** Operations whose commands have another name in the document client. */
const documentNames: Readonly<Record<string, string>> = {
  BatchGet: 'BatchGetItem',
  BatchWrite: 'BatchWriteItem',
  Delete: 'DeleteItem',
  Get: 'GetItem',
  Put: 'PutItem',
  TransactGet: 'TransactGetItems',
  TransactWrite: 'TransactWriteItems',
  Update: 'UpdateItem',
};

type Source = { readonly path: string; readonly text: string };

/** Service (by the name of its client's package) → operations that the sources call, including presigned requests. */
function calledOperations(sources: readonly Source[]): Map<string, Set<string>> {
  const called = new Map<string, Set<string>>();
  for (const { path, text } of sources) {
    const packages = new Map<string, string>();
    for (const [, names = '', from = ''] of text.matchAll(/import \{([^}]+)\} from '@aws-sdk\/([a-z0-9-]+)'/g)) {
      for (const name of names.split(',')) packages.set(name.replace('type ', '').trim(), from);
    }
    for (const [, command = ''] of text.matchAll(/new (\w+Command)\(/g)) {
      const from = packages.get(command);
      if (!from) throw new Error(`${path}: ${command} comes from no package of the SDK`);
      const isDocument = from === 'lib-dynamodb';
      const service = isDocument ? 'dynamodb' : from.replace('client-', '');
      const name = command.slice(0, -'Command'.length);
      const operation = isDocument ? (documentNames[name] ?? name) : name;
      called.set(service, (called.get(service) ?? new Set()).add(operation));
    }
  }
  return called;
}

const isProduct = ({ path }: Source) => !/^(test|bench)\//.test(path);
const called = calledOperations(readSourceTree().filter(isProduct));

const database = new DatabaseSync(':memory:');
const options = { database, now: Date.now };
const never = () => new Promise<never>(() => {});
const ecs = createEcs({ ...options, launch: scriptDriver(), slots: 1, onStateChange: () => {} });
const runTask = { start: never, wait: never, stop: never };
const states = createStepFunctions({ ...options, invokeLambda: never, runTask, onStatus: () => {} });
const sqs = createSqs(options);
const logs = createLogs(options);
afterAll(async () => {
  await Promise.all([ecs.close(), states.close(), sqs.close(), logs.close()]);
  database.close();
});

const served: Readonly<Record<string, readonly string[]>> = {
  apigatewaymanagementapi: Object.values(connectionOperations),
  'cloudwatch-logs': Object.keys(logs.api.operations),
  dynamodb: Object.keys(dynamoOperations),
  ecs: Object.keys(ecs.api.operations),
  // Lambda has one path, which is one operation.
  lambda: ['Invoke'],
  s3: s3Operations.map(({ name }) => name),
  sfn: Object.keys(states.api.operations),
  sqs: Object.keys(sqs.api.operations),
  ssm: Object.keys(createSsm().api.operations),
};

describe('the emulation', () => {
  it('serves the services that the product calls', () => {
    expect(Object.keys(served).sort()).toEqual([...called.keys()].sort());
  });

  it.each(Object.keys(served))('serves exactly the operations of %s that the product calls', (service) => {
    const place = `emulation/cloud/ holds the table of ${service}; test/contract/extension/ holds operations of suites alone`;
    expect([...(served[service] ?? [])].sort(), place).toEqual([...(called.get(service) ?? [])].sort());
  });

  it('runs exactly the tasks that the state machine has', () => {
    const folder = join(import.meta.dirname, '..', '..', 'statemachines');
    const definitions = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    const resources = definitions.flatMap((text) =>
      [...text.matchAll(/:states:::([A-Za-z:.]+)/g)].map(([, one]) => one),
    );
    expect(Object.keys(taskArguments).sort()).toEqual([...new Set(resources)].sort());
  });
});

describe('a service elsewhere', () => {
  const place = { variable: 'V', endpoint: 'http://127.0.0.1:1', region: 'r', accountId: undefined };
  const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
  const report = () => {};

  it('is asked for the same operations as our own', async () => {
    const queues = createForeignQueues({ place: { ...place, credentials }, report });
    const store = createForeignLogs({ place: { ...place, credentials }, report });
    expect(Object.keys(queues.api.operations).sort()).toEqual([...(served.sqs ?? [])].sort());
    expect(Object.keys(store.api.operations).sort()).toEqual([...(served['cloudwatch-logs'] ?? [])].sort());
    await Promise.all([queues.close(), store.close()]);
  });
});

describe('the comparison of operations', () => {
  const source = (text: string) => [{ path: 'aws/planted.ts', text }];

  it('finds a command, also if it is presigned or has another name in the document client', () => {
    const text = `import {\n  type S3Client,\n  CopyObjectCommand,\n} from '@aws-sdk/client-s3';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
await getSignedUrl(client, new CopyObjectCommand({}));
await client.send(new PutCommand({}));`;
    const found = [...calledOperations(source(text))].map(([service, names]) => [service, [...names]]);
    expect(found).toEqual([
      ['s3', ['CopyObject']],
      ['dynamodb', ['PutItem']],
    ]);
  });

  it('refuses a command from an unknown package', () => {
    expect(() => calledOperations(source('new OddCommand('))).toThrow('OddCommand comes from no package of the SDK');
  });
});
