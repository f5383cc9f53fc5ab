// Statements of least privilege, by physical name: what a function may do to which resource. They grant nothing until a
// role holds them.

import { Aws } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { openIndex, tables } from '../../aws/dynamo/tables.ts';
import type { TableName } from '../../core/context.ts';
import { arnOf, bucketName, type Deployment, pathName, physicalName } from '../deployment.ts';

export type RowRight = keyof typeof rowActions;

/** Single rows of one table, in transactions too. */
export function mayRows(deployment: Deployment, table: TableName, rights: readonly RowRight[]): PolicyStatement {
  return new PolicyStatement({
    actions: rights.flatMap((right) => [...rowActions[right]]),
    resources: [tableArn(deployment, table)],
  });
}

/** The sparse index of executions that still have consequences. */
export function mayQueryOpenIndex(deployment: Deployment): PolicyStatement {
  return new PolicyStatement({
    actions: ['dynamodb:Query'],
    resources: [`${tableArn(deployment, 'executions')}/index/${openIndex.name}`],
  });
}

/**
 * The rights that an event source mapping needs to read the streams of tables. `ListStreams` cannot be limited to
 * resources.
 */
export function mayReadStreams(deployment: Deployment, tables: readonly TableName[]): PolicyStatement[] {
  return [
    new PolicyStatement({
      actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      resources: tables.map((table) => `${tableArn(deployment, table)}/stream/*`),
    }),
    new PolicyStatement({ actions: ['dynamodb:ListStreams'], resources: ['*'] }),
  ];
}

export type ObjectRight = keyof typeof objectActions;

/** `content/w/*`: bytes of files. `content/meta/*`: large bodies of executions. */
export function mayContent(
  deployment: Deployment,
  prefix: 'w' | 'meta',
  rights: readonly ObjectRight[],
): PolicyStatement {
  return new PolicyStatement({
    actions: rights.flatMap((right) => [...objectActions[right]]),
    resources: [`arn:${Aws.PARTITION}:s3:::${bucketName(deployment, 'content')}/${prefix}/*`],
  });
}

/**
 * Without this right S3 answers 403 instead of 404 for a key that does not exist, and "was it completed?" cannot be
 * answered. The product never lists. The right only makes the bucket report absence.
 */
export function mayKnowAbsence(deployment: Deployment): PolicyStatement {
  return new PolicyStatement({
    actions: ['s3:ListBucket'],
    resources: [`arn:${Aws.PARTITION}:s3:::${bucketName(deployment, 'content')}`],
  });
}

export function maySend(deployment: Deployment, ...queues: readonly string[]): PolicyStatement {
  return new PolicyStatement({
    actions: ['sqs:SendMessage'],
    resources: queues.map((queue) => arnOf('sqs', physicalName(deployment, queue))),
  });
}

/**
 * The rights that move jobs on, wherever that happens: rows, large bodies, messages, and the bytes and workers of ended
 * jobs.
 */
export function mayMoveJobs(deployment: Deployment): PolicyStatement[] {
  return [
    mayRows(deployment, 'executions', ['read', 'put', 'update', 'delete']),
    mayRows(deployment, 'objects', ['read', 'put', 'update', 'delete']),
    mayRows(deployment, 'containers', ['read', 'put', 'delete']),
    mayContent(deployment, 'meta', ['read', 'write']),
    mayContent(deployment, 'w', ['delete', 'abort']),
    mayKnowAbsence(deployment),
    maySend(deployment, 'runnable', 'work'),
    mayExecutions(deployment, ['describe', 'stop']),
    mayTasks(deployment, ['describe', 'stop']),
  ];
}

/** The rights that an event source mapping needs to receive messages from a queue. */
export function mayConsume(deployment: Deployment, queue: string): PolicyStatement {
  return new PolicyStatement({
    actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes'],
    resources: [arnOf('sqs', physicalName(deployment, queue))],
  });
}

/** Executions of the job-attempt state machine. */
function mayExecutions(deployment: Deployment, rights: readonly (keyof typeof executionActions)[]): PolicyStatement {
  return new PolicyStatement({
    actions: rights.flatMap((right) => [...executionActions[right]]),
    resources: [arnOf('states', `execution:${physicalName(deployment, 'job-attempt')}:*`)],
  });
}

export function mayStartExecution(deployment: Deployment): PolicyStatement {
  return new PolicyStatement({
    actions: ['states:StartExecution'],
    resources: [arnOf('states', `stateMachine:${physicalName(deployment, 'job-attempt')}`)],
  });
}

/** Tasks of the workers' cluster. */
function mayTasks(deployment: Deployment, rights: readonly (keyof typeof taskActions)[]): PolicyStatement {
  return new PolicyStatement({
    actions: rights.flatMap((right) => [...taskActions[right]]),
    resources: [arnOf('ecs', `task/${physicalName(deployment, 'workers')}/*`)],
  });
}

/** A parameter of this deployment, such as the API's URL. */
export function mayReadParameter(deployment: Deployment, thing: string): PolicyStatement {
  return new PolicyStatement({
    actions: ['ssm:GetParameter'],
    resources: [arnOf('ssm', `parameter${pathName(deployment, thing)}`)],
  });
}

/** The deployment's key. The first function that needs it makes it. */
export function mayUseDeploymentKey(deployment: Deployment): PolicyStatement {
  return new PolicyStatement({
    actions: ['ssm:GetParameter', 'ssm:PutParameter'],
    resources: [arnOf('ssm', `parameter${pathName(deployment, deploymentKey)}`)],
  });
}

/** The parameter's name below the deployment's path. */
export const deploymentKey = 'deployment-key';

function tableArn(deployment: Deployment, table: TableName): string {
  return arnOf('dynamodb', `table/${physicalName(deployment, tables[table].suffix)}`);
}

const rowActions = {
  read: ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'],
  put: ['dynamodb:PutItem'],
  update: ['dynamodb:UpdateItem'],
  delete: ['dynamodb:DeleteItem'],
  check: ['dynamodb:ConditionCheckItem'],
} as const;

const objectActions = {
  read: ['s3:GetObject'],
  write: ['s3:PutObject'],
  delete: ['s3:DeleteObject'],
  parts: ['s3:ListMultipartUploadParts'],
  abort: ['s3:AbortMultipartUpload'],
} as const;

const executionActions = { describe: ['states:DescribeExecution'], stop: ['states:StopExecution'] } as const;
const taskActions = { describe: ['ecs:DescribeTasks'], stop: ['ecs:StopTask'] } as const;
