// One deployment: its stage, its names, and the figures that differ between stages.

import { Aws } from 'aws-cdk-lib';

export type Deployment = {
  readonly stage: string;
  /** Data outlives its stack: tables and buckets are retained and protected. */
  readonly retained: boolean;
  /** A worker that has been silent for this long has lost its job. */
  readonly leaseSeconds: number;
  /** The time between asking a worker to end and killing it. */
  readonly stopTimeoutSeconds: number;
  /** The time between two renewals of a lease. */
  readonly heartbeatSeconds: number;
  /** Workers that one user may have at a time. Their other jobs stay runnable. */
  readonly workersPerUser: number;
};

/**
 * The deployment of a stage. On the stage `local` workers run on the same machine, so that silence is noticed in
 * seconds. On AWS a lease lasts ten minutes and is renewed every two (docs/reference/protocols.md, "Lease").
 * @throws Error when the stage could not be part of every physical name.
 */
export function deploymentOf(stage: string): Deployment {
  if (!/^[a-z][a-z0-9]{0,11}$/.test(stage)) {
    throw new Error(`The stage "${stage}" must be a lower-case letter followed by at most 11 letters or digits.`);
  }
  const local = stage === 'local';
  return {
    stage,
    retained: stage === 'prod',
    leaseSeconds: local ? 20 : 600,
    heartbeatSeconds: local ? 4 : 120,
    // docs/reference/api.md, "Workers of a user".
    workersPerUser: 100,
    // 120 is the most that Fargate allows, so that a reclaimed worker can still report.
    stopTimeoutSeconds: local ? 10 : 120,
  };
}

/** `espalier-<stage>-<thing>`. */
export function physicalName(deployment: Deployment, thing: string): string {
  return `${tablePrefix(deployment)}${thing}`;
}

/** The part of a table's name before its suffix. */
export function tablePrefix(deployment: Deployment): string {
  return `${application}-${deployment.stage}-`;
}

/** Bucket names are global: account and region make them unique. */
export function bucketName(deployment: Deployment, thing: string): string {
  return `${physicalName(deployment, thing)}-${Aws.ACCOUNT_ID}-${Aws.REGION}`;
}

/** `/espalier/<stage>/<thing>`: names of parameters and log groups. */
export function pathName(deployment: Deployment, thing: string): string {
  return `/${application}/${deployment.stage}/${thing}`;
}

/** The ARN, in this account and region, of a resource whose name is known. */
export function arnOf(service: string, resource: string): string {
  return `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`;
}

/** The URL of a queue by its physical name. */
export function queueUrl(deployment: Deployment, thing: string): string {
  return `https://sqs.${Aws.REGION}.${Aws.URL_SUFFIX}/${Aws.ACCOUNT_ID}/${physicalName(deployment, thing)}`;
}

/** Every physical name is `<app>-<stage>-<thing>`: stacks find each other's resources by name, never by export. */
const application = 'espalier';
