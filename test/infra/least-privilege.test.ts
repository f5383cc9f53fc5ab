// The rights of each function, in full. An added or lost permission changes this list, so that a reviewer sees it.

import { beforeAll, describe, expect, test } from 'vitest';
import { givenTemplates, readable, resourcesOf, type StackTemplate, statementsOf } from './platform.ts';

let templates: Record<string, StackTemplate>;
beforeAll(() => {
  templates = givenTemplates();
});

/** `action on resource` without account and region. Rights that all functions have are left out. */
function permissions(functionName: string): string[] {
  const found = resourcesOf(templates, 'AWS::Lambda::Function').find(
    ({ properties }) => properties.FunctionName === `espalier-dev-${functionName}`,
  );
  const [roleId] = readable(found?.properties.Role).split('.');
  const role = resourcesOf(templates, 'AWS::IAM::Role').find(({ id }) => id === roleId);
  expect(role?.properties).not.toHaveProperty('ManagedPolicyArns');
  const all = statementsOf(role?.properties).flatMap(({ actions, resources }) =>
    resources.map((resource) => `${actions.map(shortAction).join(',')} ${shortResource(resource)}`),
  );
  const own = all.filter((one) => !one.startsWith('logs:CreateLogStream,') && !one.startsWith('xray:'));
  // The two others are its own log, and X-Ray.
  expect(all.length - own.length, functionName).toBe(2);
  return own.sort();
}

function shortAction(action: string): string {
  return action.replace(/^dynamodb:/, '');
}

function shortResource(resource: string): string {
  return resource
    .replace(/^arn:\$\{AWS::Partition\}:\w[\w-]*:(\$\{AWS::Region\})?:?(\$\{AWS::AccountId\})?:?:?/, '')
    .replaceAll('espalier-dev-', '')
    .replaceAll('-${AWS::AccountId}-${AWS::Region}', '')
    .replaceAll('/espalier/dev', '');
}

const read = 'GetItem,BatchGetItem,Query';
const moveJobs = [
  `${read},PutItem,DeleteItem table/containers`,
  `${read},PutItem,UpdateItem,DeleteItem table/executions`,
  `${read},PutItem,UpdateItem,DeleteItem table/objects`,
  's3:GetObject,s3:PutObject content/meta/*',
  's3:DeleteObject,s3:AbortMultipartUpload content/w/*',
  's3:ListBucket content',
  'sqs:SendMessage runnable',
  'sqs:SendMessage work',
  'states:DescribeExecution,states:StopExecution execution:job-attempt:*',
  'ecs:DescribeTasks,ecs:StopTask task/workers/*',
];
const createJobs = ({ containers, objects }: { containers: string; objects: string }) => [
  `${read},PutItem,UpdateItem table/executions`,
  `${objects} table/objects`,
  `${containers} table/containers`,
  `${read} table/identities`,
  's3:GetObject,s3:PutObject content/meta/*',
  's3:ListBucket content',
  'sqs:SendMessage work',
];
const consume = 'sqs:ReceiveMessage,sqs:DeleteMessage,sqs:ChangeMessageVisibility,sqs:GetQueueAttributes';
const mayUseKey = 'ssm:GetParameter,ssm:PutParameter parameter/deployment-key';
const useKey = [mayUseKey, 'ssm:GetParameter parameter/api/url'];

const expected: Record<string, string[]> = {
  // A run makes the folder of its outputs.
  run: createJobs({ containers: `${read},PutItem,DeleteItem`, objects: `${read},PutItem` }),
  'new-job': createJobs({ containers: read, objects: read }),
  api: [
    `${read},PutItem,UpdateItem table/executions`,
    `${read},PutItem,UpdateItem,DeleteItem table/objects`,
    `${read},PutItem,UpdateItem,DeleteItem table/containers`,
    `${read},PutItem,DeleteItem table/identities`,
    's3:GetObject,s3:PutObject,s3:DeleteObject,s3:ListMultipartUploadParts,s3:AbortMultipartUpload content/w/*',
    's3:GetObject,s3:PutObject content/meta/*',
    's3:ListBucket content',
    'sqs:SendMessage work',
    ...useKey,
  ],
  'worker-api': [
    `${read},PutItem,UpdateItem table/executions`,
    `${read},PutItem,UpdateItem,DeleteItem table/objects`,
    `${read},PutItem,DeleteItem table/containers`,
    `${read} table/identities`,
    's3:GetObject,s3:PutObject content/meta/*',
    's3:DeleteObject,s3:AbortMultipartUpload content/w/*',
    's3:ListBucket content',
    'sqs:SendMessage work',
    mayUseKey,
  ],
  log: [
    `${read} table/executions`,
    `${read} table/containers`,
    `${read},PutItem,DeleteItem table/identities`,
    's3:GetObject content/meta/*',
    'logs:GetLogEvents log-group:/worker:log-stream:worker/worker/*',
    'execute-api:ManageConnections LogApiF97D5621/log/POST/@connections/*',
    'execute-api:ManageConnections LogApiF97D5621/log/DELETE/@connections/*',
    'lambda:InvokeFunction function:log',
    'sqs:SendMessage given-up',
  ],
  advance: [
    'DescribeStream,GetRecords,GetShardIterator table/executions/stream/*',
    'DescribeStream,GetRecords,GetShardIterator table/objects/stream/*',
    'ListStreams *',
    'sqs:SendMessage given-up',
    ...moveJobs,
  ],
  dispatch: [
    `${consume} runnable`,
    `${read},PutItem,DeleteItem table/executions`,
    's3:GetObject content/meta/*',
    'states:StartExecution stateMachine:job-attempt',
    ...useKey,
  ],
  'clean-up': [
    `${consume} work`,
    's3:DeleteObject content/meta/*',
    's3:GetObject,s3:PutObject,s3:ListMultipartUploadParts content/w/*',
    ...moveJobs,
  ],
  finalise: moveJobs,
  sweep: ['Query table/executions/index/open', ...moveJobs],
};

describe('a function has exactly these rights', () => {
  test.each(Object.entries(expected))('%s', (name, list) => {
    expect(permissions(name)).toEqual([...list].sort());
  });

  test('and every function is in the list', () => {
    const names = resourcesOf(templates, 'AWS::Lambda::Function').map(({ properties }) =>
      String(properties.FunctionName),
    );
    expect(names.sort()).toEqual(
      Object.keys(expected)
        .map((name) => `espalier-dev-${name}`)
        .sort(),
    );
  });

  test('roles are not shared, and cannot be extended from elsewhere', () => {
    const roles = resourcesOf(templates, 'AWS::Lambda::Function').map(({ properties }) => readable(properties.Role));
    expect(new Set(roles).size).toBe(roles.length);
    expect(resourcesOf(templates, 'AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy')).toEqual([]);
  });
});
