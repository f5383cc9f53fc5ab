// The network of workers: public subnets without NAT and without interface endpoints, so that nothing costs money while
// idle.

import { RemovalPolicy } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  type IVpc,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { ProductStack } from '../constructs/product-stack.ts';
import { shareValue } from '../constructs/shared-parameter.ts';
import { type Deployment, pathName, physicalName } from '../deployment.ts';

export class NetworkStack extends ProductStack {
  constructor(scope: Construct, deployment: Deployment) {
    super(scope, 'Network', { deployment, description: 'Espalier: the network of workers' });
    const vpc = new Vpc(this, 'Vpc', {
      vpcName: physicalName(deployment, 'workers'),
      maxAzs: 3,
      natGateways: 0,
      subnetConfiguration: [{ name: 'worker', subnetType: SubnetType.PUBLIC, cidrMask: 18 }],
      // The lock-down is a function of the CDK's own, and none of our resources uses the default group.
      restrictDefaultSecurityGroup: false,
      gatewayEndpoints: { Content: { service: GatewayVpcEndpointAwsService.S3 } },
    });
    const workers = new SecurityGroup(this, 'WorkerSecurityGroup', {
      vpc: vpc as IVpc,
      securityGroupName: physicalName(deployment, 'worker'),
      description: 'Workers: nothing in, everything out',
      // An executable's access.network should limit this. The security groups that would enforce it are not built yet.
      allowAllOutbound: true,
    });
    this.#flowLog(vpc);
    shareValue(this, deployment, 'subnets', vpc.publicSubnets.map((subnet) => subnet.subnetId).join(','));
    shareValue(this, deployment, 'workerSecurityGroup', workers.securityGroupId);
  }

  /** Logs refused connections only: attempts of job code that are not allowed. */
  #flowLog(vpc: Vpc): void {
    const group = new LogGroup(this, 'FlowLogGroup', {
      logGroupName: pathName(this.deployment, 'network'),
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'FlowLogRole', {
      assumedBy: new ServicePrincipal('vpc-flow-logs.amazonaws.com'),
      inlinePolicies: {
        permissions: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
              resources: [group.logGroupArn],
            }),
          ],
        }),
      },
    });
    vpc.addFlowLog('Rejected', {
      destination: FlowLogDestination.toCloudWatchLogs(group, role.withoutPolicyUpdates()),
      trafficType: FlowLogTrafficType.REJECT,
    });
  }
}
