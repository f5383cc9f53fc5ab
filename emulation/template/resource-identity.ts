// Gives the values of `Ref` and `Fn::GetAtt` for a resource: its physical name, and the ARNs that are made from it.

import { createHash } from 'node:crypto';
import { given } from '../../core/given.ts';
import { arnOf, localAccountId, localRegion } from '../cloud/wire/account.ts';

/** A resource whose properties are evaluated. `logicalId` is unique in its stack, and `stack` is unique in the app. */
export type Identified = {
  readonly stack: string;
  readonly logicalId: string;
  readonly properties: Readonly<Record<string, unknown>>;
};

type Identity = {
  /** The property that holds the physical name. A name is made where the type or the resource has none. */
  readonly name?: string;
  reference?(name: string): string;
  readonly attributes: Readonly<Record<string, (name: string) => string>>;
};

const roleArn = (name: string) => `arn:aws:iam::${localAccountId}:role/${name}`;
const cluster = (name: string) => arnOf('ecs', `cluster/${name}`);
const named = (name?: string): Identity => ({ ...given({ name }), attributes: {} });

/** The domain at which API Gateway would serve an API. */
export function apiDomain(apiId: string): string {
  return `${apiId}.execute-api.${localRegion}.amazonaws.com`;
}

/** The physical name. If the template gives none, the name that is made is the same at every start. */
export function physicalName(type: string, resource: Identified): string {
  const property = identities[type]?.name;
  const given = property === undefined ? undefined : resource.properties[property];
  return typeof given === 'string' ? given : hashOf(`${resource.stack}/${resource.logicalId}`, 10);
}

export function referenceOf(type: string, resource: Identified): string {
  const name = physicalName(type, resource);
  return identities[type]?.reference?.(name) ?? name;
}

/** The value of an attribute. Undefined when resources of the type have no such attribute here. */
export function attributeOf(type: string, resource: Identified, attribute: string): string | undefined {
  const attributes = identities[type]?.attributes ?? {};
  return Object.hasOwn(attributes, attribute) ? attributes[attribute]?.(physicalName(type, resource)) : undefined;
}

function hashOf(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}

/** CloudFormation's "Return values" of each type. A type that is absent here has none that a template may use. */
const identities: Readonly<Record<string, Identity>> = {
  'AWS::DynamoDB::Table': {
    name: 'TableName',
    attributes: {
      Arn: (name) => arnOf('dynamodb', `table/${name}`),
      // On AWS the label is the time when the stream was created. The poller asks the table for the current one.
      StreamArn: (name) => arnOf('dynamodb', `table/${name}/stream/local`),
    },
  },
  'AWS::S3::Bucket': {
    name: 'BucketName',
    attributes: {
      Arn: (name) => `arn:aws:s3:::${name}`,
      DomainName: (name) => `${name}.s3.amazonaws.com`,
      RegionalDomainName: (name) => `${name}.s3.${localRegion}.amazonaws.com`,
    },
  },
  'AWS::SQS::Queue': {
    name: 'QueueName',
    reference: (name) => `https://sqs.${localRegion}.amazonaws.com/${localAccountId}/${name}`,
    attributes: { Arn: (name) => arnOf('sqs', name), QueueName: (name) => name },
  },
  'AWS::Lambda::Function': { name: 'FunctionName', attributes: { Arn: (name) => arnOf('lambda', `function:${name}`) } },
  'AWS::IAM::Role': { name: 'RoleName', attributes: { Arn: roleArn, RoleId: (name) => `AROA${hashOf(name, 16)}` } },
  'AWS::Logs::LogGroup': { name: 'LogGroupName', attributes: { Arn: (name) => arnOf('logs', `log-group:${name}:*`) } },
  'AWS::ApiGatewayV2::Api': {
    attributes: { ApiEndpoint: (id) => `https://${apiDomain(id)}`, ApiId: (id) => id },
  },
  'AWS::ApiGatewayV2::Integration': named(),
  'AWS::ApiGatewayV2::Route': named(),
  'AWS::ApiGatewayV2::Stage': named('StageName'),
  'AWS::Events::Rule': { name: 'Name', attributes: { Arn: (name) => arnOf('events', `rule/${name}`) } },
  'AWS::StepFunctions::StateMachine': {
    name: 'StateMachineName',
    reference: (name) => arnOf('states', `stateMachine:${name}`),
    attributes: { Arn: (name) => arnOf('states', `stateMachine:${name}`), Name: (name) => name },
  },
  'AWS::ECS::Cluster': { name: 'ClusterName', attributes: { Arn: cluster } },
  'AWS::ECS::TaskDefinition': {
    name: 'Family',
    reference: (name) => arnOf('ecs', `task-definition/${name}:1`),
    attributes: { TaskDefinitionArn: (name) => arnOf('ecs', `task-definition/${name}:1`) },
  },
  'AWS::SSM::Parameter': { name: 'Name', attributes: {} },
  'AWS::SNS::Topic': {
    name: 'TopicName',
    reference: (name) => arnOf('sns', name),
    attributes: { TopicArn: (name) => arnOf('sns', name), TopicName: (name) => name },
  },
  'AWS::CloudFront::Function': {
    name: 'Name',
    attributes: { FunctionARN: (name) => `arn:aws:cloudfront::${localAccountId}:function/${name}` },
  },
  'AWS::CloudFront::Distribution': {
    attributes: { DomainName: (id) => `${id}.cloudfront.net`, Id: (id) => id },
  },
  'AWS::CloudWatch::Alarm': {
    name: 'AlarmName',
    attributes: { Arn: (name) => arnOf('cloudwatch', `alarm:${name}`) },
  },
  'AWS::EC2::SecurityGroup': { attributes: { GroupId: (name) => name, VpcId: (name) => name } },
  'AWS::EC2::VPC': {
    attributes: { VpcId: (name) => name, CidrBlock: () => '10.0.0.0/16', DefaultSecurityGroup: (name) => name },
  },
};
