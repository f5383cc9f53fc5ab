// Lists the resource types that the local platform runs, and those that it ignores on purpose with the reason. Any
// other type is an error.
import { StartRefusal } from '../../machine/start-refusal.ts';

/** The types that have an effect here. */
const RUN: ReadonlySet<string> = new Set([
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

const NETWORK = 'workers are processes of this machine and use its network';
const OPERATIONS = 'nobody is on call for one machine; the figures are in the logs';

/** Each type that is ignored, with the reason why nothing is lost without it. */
const IGNORED: Readonly<Record<string, string>> = {
  'AWS::CDK::Metadata': 'usage reporting of the CDK',
  'AWS::CloudWatch::Alarm': OPERATIONS,
  'AWS::CloudWatch::CompositeAlarm': OPERATIONS,
  'AWS::CloudWatch::Dashboard': OPERATIONS,
  'AWS::Logs::MetricFilter': OPERATIONS,
  'AWS::Logs::QueryDefinition': OPERATIONS,
  'AWS::SNS::Topic': OPERATIONS,
  'AWS::SNS::TopicPolicy': OPERATIONS,
  'AWS::SNS::Subscription': OPERATIONS,
  'AWS::Budgets::Budget': 'nothing here costs money',
  'AWS::EC2::FlowLog': NETWORK,
  'AWS::EC2::InternetGateway': NETWORK,
  'AWS::EC2::Route': NETWORK,
  'AWS::EC2::RouteTable': NETWORK,
  'AWS::EC2::SecurityGroup': NETWORK,
  'AWS::EC2::SecurityGroupEgress': NETWORK,
  'AWS::EC2::SecurityGroupIngress': NETWORK,
  'AWS::EC2::Subnet': NETWORK,
  'AWS::EC2::SubnetRouteTableAssociation': NETWORK,
  'AWS::EC2::VPC': NETWORK,
  'AWS::EC2::VPCEndpoint': NETWORK,
  'AWS::EC2::VPCGatewayAttachment': NETWORK,
  'AWS::ECS::ClusterCapacityProviderAssociations': 'capacity is the number of workers given at start',
  'AWS::S3::BucketPolicy':
    'it forbids plain HTTP, and this is loopback; what a role may do is checked by its own policies',
  'AWS::SQS::QueuePolicy':
    'it forbids plain HTTP, and this is loopback; what a role may do is checked by its own policies',
};

/** @throws StartRefusal that names each type in neither list. */
export function checkResourceTypes(types: Iterable<string>): void {
  const unknown = [...new Set(types)].filter((type) => !RUN.has(type) && !Object.hasOwn(IGNORED, type)).sort();
  if (unknown.length === 0) return;
  const them = unknown.join(', ');
  throw new StartRefusal(`The template holds ${them}, which the local platform neither runs nor ignores on purpose.`);
}
