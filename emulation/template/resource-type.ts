// Lists the resource types that the local platform runs, and those that it ignores on purpose with the reason. Any
// other type is an error.

import { StartRefusal } from '../../machine/start-refusal.ts';

/** @throws StartRefusal that names each type in neither list. */
export function checkResourceTypes(types: Iterable<string>): void {
  const unknown = [...new Set(types)]
    .filter((type) => !runTypes.has(type) && !Object.hasOwn(ignoredTypes, type))
    .sort();
  if (unknown.length === 0) return;
  const them = unknown.join(', ');
  throw new StartRefusal(`The template holds ${them}, which the local platform neither runs nor ignores on purpose.`);
}

/** The types that have an effect here. */
const runTypes: ReadonlySet<string> = new Set([
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::CloudFront::Distribution',
  'AWS::CloudFront::Function',
  'AWS::DynamoDB::Table',
  'AWS::ECS::Cluster',
  'AWS::ECS::TaskDefinition',
  'AWS::Events::Rule',
  'AWS::IAM::Role',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::S3::Bucket',
  'AWS::SQS::Queue',
  'AWS::SSM::Parameter',
  'AWS::StepFunctions::StateMachine',
]);

const networkReason = 'workers are processes of this machine and use its network';
const operationsReason = 'nobody is on call for one machine; the figures are in the logs';

/** Each type that is ignored, with the reason why nothing is lost without it. */
const ignoredTypes: Readonly<Record<string, string>> = {
  'AWS::CDK::Metadata': 'usage reporting of the CDK',
  'AWS::CloudWatch::Alarm': operationsReason,
  'AWS::CloudWatch::CompositeAlarm': operationsReason,
  'AWS::CloudWatch::Dashboard': operationsReason,
  'AWS::Logs::MetricFilter': operationsReason,
  'AWS::Logs::QueryDefinition': operationsReason,
  'AWS::SNS::Topic': operationsReason,
  'AWS::SNS::TopicPolicy': operationsReason,
  'AWS::SNS::Subscription': operationsReason,
  'AWS::Budgets::Budget': 'nothing here costs money',
  'AWS::EC2::FlowLog': networkReason,
  'AWS::EC2::InternetGateway': networkReason,
  'AWS::EC2::Route': networkReason,
  'AWS::EC2::RouteTable': networkReason,
  'AWS::EC2::SecurityGroup': networkReason,
  'AWS::EC2::SecurityGroupEgress': networkReason,
  'AWS::EC2::SecurityGroupIngress': networkReason,
  'AWS::EC2::Subnet': networkReason,
  'AWS::EC2::SubnetRouteTableAssociation': networkReason,
  'AWS::EC2::VPC': networkReason,
  'AWS::EC2::VPCEndpoint': networkReason,
  'AWS::EC2::VPCGatewayAttachment': networkReason,
  'AWS::ECS::ClusterCapacityProviderAssociations': 'capacity is the number of workers given at start',
  'AWS::S3::BucketPolicy':
    'it forbids plain HTTP, and this is loopback; what a role may do is checked by its own policies',
  'AWS::SQS::QueuePolicy':
    'it forbids plain HTTP, and this is loopback; what a role may do is checked by its own policies',
};
