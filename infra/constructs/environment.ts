// The environment of functions: each name of `aws/environment.ts` with its value in this deployment.

import { arnOf, bucketName, type Deployment, pathName, physicalName, queueUrl } from '../deployment.ts';
import { deploymentKey } from './permission.ts';
import { sharedParameters } from './shared-parameter.ts';

export type Variable = keyof typeof values;

/** The variables that functions need to move jobs on (`mayMoveJobs`). */
export const moverVariables: readonly Variable[] = [
  'CONTENT_BUCKET',
  'RUNNABLE_QUEUE_URL',
  'WORK_QUEUE_URL',
  'STATE_MACHINE_ARN',
  'CLUSTER',
  'LEASE_SECONDS',
];

/** The values of the named variables: a function gets only those that it needs. */
export function environmentOf(deployment: Deployment, names: readonly Variable[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, values[name](deployment)]));
}

const values = {
  CONTENT_BUCKET: (deployment: Deployment) => bucketName(deployment, 'content'),
  RUNNABLE_QUEUE_URL: (deployment: Deployment) => queueUrl(deployment, 'runnable'),
  WORK_QUEUE_URL: (deployment: Deployment) => queueUrl(deployment, 'work'),
  STATE_MACHINE_ARN: (deployment: Deployment) =>
    arnOf('states', `stateMachine:${physicalName(deployment, 'job-attempt')}`),
  CLUSTER: (deployment: Deployment) => physicalName(deployment, 'workers'),
  TASK_DEFINITION: (deployment: Deployment) => physicalName(deployment, 'worker'),
  DEBUG_TASK_DEFINITION: (deployment: Deployment) => physicalName(deployment, 'worker-debug'),
  WORKER_LOG_GROUP: (deployment: Deployment) => pathName(deployment, 'worker'),
  DEPLOYMENT_KEY_PARAMETER: (deployment: Deployment) => pathName(deployment, deploymentKey),
  API_URL_PARAMETER: (deployment: Deployment) => pathName(deployment, sharedParameters.apiUrl),
  LEASE_SECONDS: (deployment: Deployment) => String(deployment.leaseSeconds),
  HEARTBEAT_SECONDS: (deployment: Deployment) => String(deployment.heartbeatSeconds),
  WORKERS_PER_USER: (deployment: Deployment) => String(deployment.workersPerUser),
} as const;
