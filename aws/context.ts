// The context for drivers on AWS, and on anything that speaks AWS's protocols. Each part asks for its variable when it
// is first used. If a function lacks one, the error names it.

import { randomBytes } from 'node:crypto';
import type { Context, Settings } from '../core/context.ts';
import { everythingEndsMs, toWorkRecord } from '../core/work/message.ts';
import { createClients } from './clients.ts';
import { createBodies } from './dynamo/bodies.ts';
import { createRows } from './dynamo/rows.ts';
import { openShardCount } from './dynamo/tables.ts';
import { type Environment, required, requiredNumber, type Variable } from './environment.ts';
import { createLogReader } from './logs.ts';
import { parameterReader } from './parameter.ts';
import { createQueues } from './queues.ts';
import { createContent } from './s3/content.ts';
import { createDocuments } from './s3/documents.ts';
import { createSeals } from './seals.ts';
import { createWorkers } from './workers.ts';

/** One context for each process: its clients keep their connections between invocations. */
export function createContext(environment: Environment): Context {
  const clients = createClients();
  const named = (name: Variable) => () => required(environment, name);
  const bucket = named('CONTENT_BUCKET');
  const rows = createRows(clients.dynamo(), required(environment, 'TABLE_PREFIX'));
  const queues = createQueues(clients.sqs, { runnable: named('RUNNABLE_QUEUE_URL'), work: named('WORK_QUEUE_URL') });
  return {
    rows,
    bodies: createBodies(rows, createDocuments(clients.s3, bucket), (key) => {
      const message = toWorkRecord({ kind: 'document', key, notBefore: Date.now() + everythingEndsMs });
      return queues.sendWork([message], everythingEndsMs / 1000);
    }),
    content: createContent(clients.s3, bucket),
    queues,
    workers: createWorkers(clients.sfn, clients.ecs, {
      stateMachineArn: named('STATE_MACHINE_ARN'),
      cluster: named('CLUSTER'),
      taskDefinition: named('TASK_DEFINITION'),
      debugTaskDefinition: named('DEBUG_TASK_DEFINITION'),
    }),
    seals: createSeals(clients.ssm, named('DEPLOYMENT_KEY_PARAMETER')),
    logs: createLogReader(clients.logs, named('WORKER_LOG_GROUP')),
    settings: settingsOf(environment),
    apiUrl: parameterReader(clients.ssm, named('API_URL_PARAMETER')),
    now: () => Date.now(),
    random: (byteCount) => randomBytes(byteCount),
  };
}

function settingsOf(environment: Environment): Settings {
  return {
    get region() {
      return required(environment, 'REGION_NAME');
    },
    get leaseSeconds() {
      return requiredNumber(environment, 'LEASE_SECONDS');
    },
    get heartbeatSeconds() {
      return requiredNumber(environment, 'HEARTBEAT_SECONDS');
    },
    openShardCount,
    get workersPerUser() {
      return requiredNumber(environment, 'WORKERS_PER_USER');
    },
  };
}
