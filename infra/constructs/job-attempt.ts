// The state machine of one launch of one worker: its file with the names filled in, and a role that allows exactly its
// calls.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { arnOf, type Deployment, physicalName } from '../deployment.ts';
import { debugRoleName, executionRoleName } from '../stacks/compute.ts';
import { sharedValue } from './shared-parameter.ts';

export class JobAttempt extends Construct {
  constructor(scope: Construct, id: string, deployment: Deployment) {
    super(scope, id);
    const name = physicalName(deployment, 'job-attempt');
    const finalise = arnOf('lambda', `function:${physicalName(deployment, 'finalise')}`);
    const logs = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/vendedlogs/states/${name}`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      description: 'One launch of one worker: run its task, stop it, call finalise',
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      inlinePolicies: {
        permissions: new PolicyDocument({
          statements: [...mayRunWorkers(deployment), mayInvoke(finalise), ...mayReport()],
        }),
      },
    });
    new CfnStateMachine(this, 'StateMachine', {
      stateMachineName: name,
      stateMachineType: 'STANDARD',
      roleArn: role.roleArn,
      definitionString: readFileSync(definitionFile, 'utf8'),
      definitionSubstitutions: {
        Partition: Aws.PARTITION,
        ClusterArn: arnOf('ecs', `cluster/${physicalName(deployment, 'workers')}`),
        SubnetIds: sharedValue(this, deployment, 'subnets'),
        SecurityGroupId: sharedValue(this, deployment, 'workerSecurityGroup'),
        FinaliseFunctionArn: finalise,
      },
      loggingConfiguration: {
        level: 'ALL',
        // The input holds the boot nonce, so executions are logged without their data.
        includeExecutionData: false,
        destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: logs.logGroupArn } }],
      },
      tracingConfiguration: { enabled: true },
    });
  }
}

/** With `.sync` Step Functions watches the task by a rule of its own and stops it when the execution is stopped. */
function mayRunWorkers(deployment: Deployment): PolicyStatement[] {
  const cluster = arnOf('ecs', `cluster/${physicalName(deployment, 'workers')}`);
  const tasks = arnOf('ecs', `task/${physicalName(deployment, 'workers')}/*`);
  return [
    new PolicyStatement({
      actions: ['ecs:RunTask'],
      resources: ['worker', 'worker-debug'].map((name) =>
        arnOf('ecs', `task-definition/${physicalName(deployment, name)}:*`),
      ),
      conditions: { ArnEquals: { 'ecs:cluster': cluster } },
    }),
    new PolicyStatement({ actions: ['ecs:StopTask', 'ecs:DescribeTasks'], resources: [tasks] }),
    new PolicyStatement({
      actions: ['ecs:TagResource'],
      resources: [tasks],
      conditions: { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
    }),
    new PolicyStatement({
      actions: ['iam:PassRole'],
      resources: [executionRoleName(deployment), debugRoleName(deployment)].map(
        (name) => `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/${name}`,
      ),
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    }),
    new PolicyStatement({
      actions: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
      resources: [arnOf('events', 'rule/StepFunctionsGetEventsForECSTaskRule')],
    }),
  ];
}

function mayInvoke(functionArn: string): PolicyStatement {
  return new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [functionArn] });
}

/** Log delivery and X-Ray cannot be limited to resources. */
function mayReport(): PolicyStatement[] {
  return [
    new PolicyStatement({
      actions: [
        'logs:CreateLogDelivery',
        'logs:GetLogDelivery',
        'logs:UpdateLogDelivery',
        'logs:DeleteLogDelivery',
        'logs:ListLogDeliveries',
        'logs:PutResourcePolicy',
        'logs:DescribeResourcePolicies',
        'logs:DescribeLogGroups',
      ],
      resources: ['*'],
    }),
    new PolicyStatement({
      actions: [
        'xray:PutTraceSegments',
        'xray:PutTelemetryRecords',
        'xray:GetSamplingRules',
        'xray:GetSamplingTargets',
      ],
      resources: ['*'],
    }),
  ];
}

const definitionFile = join(import.meta.dirname, '..', '..', 'statemachines', 'job-attempt.asl.json');
