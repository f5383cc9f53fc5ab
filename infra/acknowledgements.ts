// Findings of cdk-nag that we leave as they are, each with the reason. A test fails on every finding that is not here,
// and on every entry that does not match a finding any more.

import { Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type Deployment, pathName, physicalName } from './deployment.ts';

export type Acknowledgement = {
  /** cdk-nag's rule, with its finding if a rule has several. */
  readonly id: string;
  /** Paths of the constructs to which it applies. It applies to everything below them too. */
  readonly at: readonly string[];
  readonly reason: string;
};

export function acknowledge(scope: Construct, deployment: Deployment): void {
  for (const { id, at, reason } of acknowledgements(deployment)) {
    for (const path of at) {
      const construct = path
        .split('/')
        .reduce<Construct | undefined>((parent, child) => parent?.node.tryFindChild(child) as Construct, scope);
      if (construct === undefined)
        throw new Error(
          `There is no construct at ${path}, where ${id} is acknowledged. Correct the path or remove the entry.`,
        );
      Validations.of(construct).acknowledge({ id, reason });
    }
  }
}

export function acknowledgements(deployment: Deployment): Acknowledgement[] {
  return [...wildcards(deployment), ...routes, ...queues, ...functions, ...edge, ...compute];
}

/** Resources whose ids are known only at run time: each wildcard follows a fixed prefix of ours. */
function wildcards(deployment: Deployment): Acknowledgement[] {
  const name = (thing: string) => physicalName(deployment, thing);
  const arn = (service: string, resource: string) =>
    `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:${service}:<AWS::Region>:<AWS::AccountId>:${resource}]`;
  const content = (prefix: string) =>
    `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::${name('content')}-<AWS::AccountId>-<AWS::Region>/${prefix}/*]`;
  const connection = (verb: string) => arn('execute-api', `<LogApiF97D5621>/log/${verb}/@connections/*`);
  return [
    {
      id: 'AwsSolutions-IAM5[Resource::*]',
      at: ['Engine', 'Api', 'Compute/ExecutionRole', 'Compute/DebugRole'],
      reason:
        'X-Ray, log delivery, ListStreams, ecr:GetAuthorizationToken and the channels of ECS Exec cannot be limited to resources.',
    },
    {
      id: 'Serverless-LambdaStarPermissions',
      at: ['Engine', 'Api'],
      reason: 'The only statements on all resources are X-Ray and ListStreams, which cannot be limited to some.',
    },
    {
      id: arn('ecr', 'repository/cdk-*-container-assets-<AWS::AccountId>-<AWS::Region>'),
      at: ['Compute/ExecutionRole'],
      reason: "The worker's image is in the repository of the CDK's bootstrap, whose qualifier belongs to the account.",
    },
    {
      id: arn('dynamodb', `table/${name('executions')}/stream/*`),
      at: ['Engine/AdvanceRole'],
      reason: 'A stream is named by the time at which it was made.',
    },
    {
      id: arn('dynamodb', `table/${name('objects')}/stream/*`),
      at: ['Engine/AdvanceRole'],
      reason: 'A stream is named by the time at which it was made.',
    },
    {
      id: content('meta'),
      at: ['Engine', 'Api'],
      reason: 'Bodies of executions, keyed by ids that are made at run time.',
    },
    { id: content('w'), at: ['Engine', 'Api'], reason: 'Bytes of files, keyed by ids that are made at run time.' },
    {
      id: arn('states', `execution:${name('job-attempt')}:*`),
      at: ['Engine'],
      reason: 'An execution is named by its job, try and launch.',
    },
    { id: arn('ecs', `task/${name('workers')}/*`), at: ['Engine'], reason: 'Tasks get their ids from ECS.' },
    ...['worker', 'worker-debug'].map((family) => ({
      id: arn('ecs', `task-definition/${name(family)}:*`),
      at: ['Engine/JobAttempt'],
      reason: 'A launch takes the latest revision of its family.',
    })),
    {
      id: arn('logs', `log-group:${pathName(deployment, 'worker')}:log-stream:worker/worker/*`),
      at: ['Api/LogRole'],
      reason: 'ECS names a stream by its task.',
    },
    { id: connection('POST'), at: ['Api/LogRole'], reason: 'Connections get their ids from API Gateway.' },
    { id: connection('DELETE'), at: ['Api/LogRole'], reason: 'Connections get their ids from API Gateway.' },
  ];
}

const routes: readonly Acknowledgement[] = [
  {
    id: 'AwsSolutions-APIG4',
    at: ['Api/HttpApi', 'Api/LogApi'],
    reason:
      'The functions authenticate by token themselves: an authorizer could not answer with the error envelope that ' +
      'clients read, would delay a revocation by its cache, and cannot see the first message of a WebSocket.',
  },
  {
    id: 'AwsSolutions-APIG1',
    at: ['Api/LogStage'],
    reason:
      'Access logs of a WebSocket API need a role that holds for the whole account; the log function logs instead.',
  },
  {
    id: 'Serverless-APIGWAccessLogging',
    at: ['Api/LogStage'],
    reason:
      'Access logs of a WebSocket API need a role that holds for the whole account; the log function logs instead.',
  },
];

const queues: readonly Acknowledgement[] = [
  {
    id: 'AwsSolutions-SQS3',
    at: ['Engine/GivenUp'],
    reason: 'It is itself the queue for everything that was given up; an alarm watches it.',
  },
  {
    id: 'Serverless-SQSRedrivePolicy',
    at: ['Engine/GivenUp', 'Engine/RunnableDead', 'Engine/WorkDead'],
    reason: 'They are the last stop; an alarm watches each of them.',
  },
  {
    id: 'Serverless-LambdaEventSourceMappingDestination',
    at: ['Engine/RunnableMessages', 'Engine/WorkMessages'],
    reason: 'Messages that fail go to the dead-letter queue by the redrive policy of their own queue.',
  },
];

const functions: readonly Acknowledgement[] = [
  {
    id: 'Serverless-LambdaDLQ',
    at: ['Engine', 'Api'],
    reason:
      'Functions behind a gateway, a queue, a stream or the state machine are not invoked asynchronously; the log ' +
      'function has an on-failure destination and the rules of the sweep a dead-letter queue.',
  },
];

const edge: readonly Acknowledgement[] = [
  {
    id: 'AwsSolutions-CFR1',
    at: ['Edge/Distribution'],
    reason: 'The operator decides from which countries it may be used.',
  },
  {
    id: 'AwsSolutions-CFR2',
    at: ['Edge/Distribution'],
    reason: 'A web application firewall costs while idle; every route checks a token, and the stage throttles.',
  },
  {
    id: 'AwsSolutions-CFR3',
    at: ['Edge/Distribution'],
    reason: 'The HTTP API behind it keeps the access log, without the paths that are credentials.',
  },
  {
    id: 'AwsSolutions-CFR4',
    at: ['Edge/Distribution'],
    reason: "CloudFront's own certificate fixes the viewer's protocol; a domain of one's own is a later option.",
  },
];

const compute: readonly Acknowledgement[] = [
  {
    id: 'AwsSolutions-ECS2',
    at: ['Compute/Worker', 'Compute/DebugWorker'],
    reason: 'They are two constants. The secret comes with the launch, and is used up before any user code runs.',
  },
];
