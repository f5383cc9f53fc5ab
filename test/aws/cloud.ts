// The AWS services of the emulated cloud around one context, reached as on AWS: by the SDK's own variables.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { vi } from 'vitest';
import { createContext } from '../../aws/context.ts';
import { readEnvironment } from '../../aws/environment.ts';
import { createEcs } from '../../emulation/cloud/ecs/ecs.ts';
import { createLogs } from '../../emulation/cloud/logs/logs.ts';
import { createSqs } from '../../emulation/cloud/sqs/sqs.ts';
import { createSsm } from '../../emulation/cloud/ssm/ssm.ts';
import { createStepFunctions } from '../../emulation/cloud/step-functions/step-functions.ts';
import { createControlServer } from '../../emulation/cloud/wire/control-server.ts';
import { createSigV4Verifier } from '../../emulation/cloud/wire/signature.ts';
import { openDatabase } from '../../emulation/cloud/wire/transaction.ts';
import { scriptDriver } from '../contract/engine/ecs.ts';
import { startOurs as startS3 } from '../contract/engine/s3.ts';
import { startDatabase, tablePrefix } from './database.ts';

const bucket = 'espalier-test-content';
const waiting = {
  QueryLanguage: 'JSONata',
  StartAt: 'Wait',
  States: { Wait: { Type: 'Wait', Seconds: 3600, End: true } },
};

/** The machine of this test does not run tasks. */
const refuse = () => Promise.reject(new Error('no task is run here'));

export async function startCloud() {
  const rows = await startDatabase();
  const s3 = await startS3();
  s3.s3.createBucket(bucket, { eventBridge: false });
  const { accessKeyId, secretAccessKey } = s3.credentials;
  const database = openDatabase(':memory:');
  const now = Date.now;
  let endpoint = '';
  const sqs = createSqs({ database, now, endpoint: () => endpoint });
  const ssm = createSsm();
  const logs = createLogs({ database, now });
  const states = createStepFunctions({
    database,
    now,
    invokeLambda: async () => ({ ok: {} }),
    runTask: { start: refuse, wait: refuse, stop: refuse },
    onStatus: () => {},
  });
  const ecs = createEcs({ database, now, launch: scriptDriver(), slots: 1, onStateChange: () => {} });
  ecs.createCluster('workers');
  const server = createServer(
    createControlServer({
      services: [sqs.api, ssm.api, logs.api, states.api, ecs.api],
      verify: createSigV4Verifier(new Map([[accessKeyId, { secretAccessKey }]])),
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const runnable = sqs.createQueue({ name: 'runnable' });
  const work = sqs.createQueue({ name: 'work' });
  const machine = states.createStateMachine({
    name: 'job-attempt',
    roleArn: 'arn:aws:iam::000000000000:role/r',
    definition: waiting,
  });
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
  vi.stubEnv('AWS_ENDPOINT_URL_S3', s3.endpoint);
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', rows.endpoint);
  const environment = readEnvironment({
    TABLE_PREFIX: tablePrefix,
    CONTENT_BUCKET: bucket,
    RUNNABLE_QUEUE_URL: runnable.url,
    WORK_QUEUE_URL: work.url,
    STATE_MACHINE_ARN: machine.arn,
    CLUSTER: 'workers',
    TASK_DEFINITION: 'espalier-test-worker',
    DEBUG_TASK_DEFINITION: 'espalier-test-worker-debug',
    WORKER_LOG_GROUP: '/espalier/test/worker',
    DEPLOYMENT_KEY_PARAMETER: '/espalier/test/deployment-key',
    API_URL_PARAMETER: '/espalier/test/api/url',
    REGION_NAME: 'aws:us-east-1',
  });
  const close = async () => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await Promise.all([sqs.close(), logs.close(), states.close(), ecs.close(), s3.close(), rows.close()]);
    database.close();
  };
  return {
    context: createContext(environment),
    another: () => createContext(environment),
    sqs,
    runnable,
    work,
    ssm,
    logs,
    s3,
    close,
  };
}
