// The place where jobs run: a Fargate cluster, and one task definition for all sizes. The task has no role: job code is
// untrusted and can read the metadata endpoint, so there must be nothing to read there. Only a worker that a user may
// have to enter has one. It opens the sessions of ECS Exec, and allows nothing else.

import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import { CfnCluster, CfnClusterCapacityProviderAssociations, CfnTaskDefinition } from 'aws-cdk-lib/aws-ecs';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { ProductStack } from '../constructs/product-stack.ts';
import type { WorkerImage } from '../constructs/worker-image.ts';
import { arnOf, type Deployment, pathName, physicalName } from '../deployment.ts';

/** The role that ECS itself uses to pull the image and to write logs. Role names are global, hence the region. */
export function executionRoleName(deployment: Deployment): string {
  return `${physicalName(deployment, 'task')}-${Aws.REGION}`;
}

/** The role of workers that a user may have to enter (docs/reference/aws.md, "Entering a task"). */
export function debugRoleName(deployment: Deployment): string {
  return `${physicalName(deployment, 'debug')}-${Aws.REGION}`;
}

export class ComputeStack extends ProductStack {
  constructor(scope: Construct, deployment: Deployment, image: WorkerImage) {
    super(scope, 'Compute', { deployment, description: 'Espalier: cluster and worker task definition' });
    const cluster = new CfnCluster(this, 'Cluster', {
      clusterName: physicalName(deployment, 'workers'),
      clusterSettings: [{ name: 'containerInsights', value: 'enabled' }],
      // A user's session is not logged: that would take rights which the role of the task must not have.
      configuration: { executeCommandConfiguration: { logging: 'NONE' } },
    });
    new CfnClusterCapacityProviderAssociations(this, 'CapacityProviders', {
      cluster: cluster.ref,
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 1 }],
    });
    const logGroup = new LogGroup(this, 'WorkerLogs', {
      logGroupName: pathName(deployment, 'worker'),
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: deployment.retained ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const common = { image: image(this), logGroup, executionRole: this.#executionRole(logGroup) };
    this.#taskDefinition('Worker', 'worker', common);
    this.#taskDefinition('DebugWorker', 'worker-debug', common, { taskRoleArn: this.#debugRole().roleArn });
  }

  #executionRole(logGroup: LogGroup): Role {
    const images = arnOf('ecr', `repository/cdk-*-container-assets-${Aws.ACCOUNT_ID}-${Aws.REGION}`);
    return this.#taskRole('ExecutionRole', {
      roleName: executionRoleName(this.deployment),
      description: 'ECS itself: pull the worker image, write its log. Not reachable from the container.',
      statements: [
        new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }),
        new PolicyStatement({
          actions: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
          resources: [images],
        }),
        new PolicyStatement({
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [logGroup.logGroupArn],
        }),
      ],
    });
  }

  #debugRole(): Role {
    const actions = ['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel'];
    return this.#taskRole('DebugRole', {
      roleName: debugRoleName(this.deployment),
      description: 'A worker whose job is held if it fails: open the sessions of ECS Exec, and nothing else',
      statements: [
        new PolicyStatement({ actions: actions.map((action) => `ssmmessages:${action}`), resources: ['*'] }),
      ],
    });
  }

  /** A role that only tasks of this account can take. */
  #taskRole(id: string, { statements, ...role }: RoleOptions): Role {
    return new Role(this, id, {
      ...role,
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      inlinePolicies: { permissions: new PolicyDocument({ statements }) },
    });
  }

  /** CDK's own construct would always make a task role, therefore these are declared directly. */
  #taskDefinition(id: string, name: string, { image, logGroup, executionRole }: Common, role: TaskRole = {}): void {
    new CfnTaskDefinition(this, id, {
      family: physicalName(this.deployment, name),
      ...role,
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      cpu: defaultCpu,
      memory: defaultMemory,
      ephemeralStorage: { sizeInGiB: defaultStorageGiB },
      runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' },
      executionRoleArn: executionRole.roleArn,
      containerDefinitions: [
        {
          name: 'worker',
          image,
          essential: true,
          stopTimeout: this.deployment.stopTimeoutSeconds,
          environment: [
            { name: 'ESPALIER_ROOT', value: '/' },
            { name: 'STAGE', value: this.deployment.stage },
          ],
          logConfiguration: {
            logDriver: 'awslogs',
            options: {
              'awslogs-group': logGroup.logGroupName,
              'awslogs-region': Aws.REGION,
              'awslogs-stream-prefix': 'worker',
              mode: 'non-blocking',
              'max-buffer-size': '4m',
            },
          },
        },
      ],
    });
  }
}

type RoleOptions = {
  readonly roleName: string;
  readonly description: string;
  readonly statements: PolicyStatement[];
};
/** Absent: the task has no role. */
type TaskRole = { readonly taskRoleArn?: string };
type Common = { readonly image: ReturnType<WorkerImage>; readonly logGroup: LogGroup; readonly executionRole: Role };

/**
 * The size of a task unless its launch overrides it, which each launch does: the smallest Fargate size that runs the
 * worker.
 */
const defaultCpu = '1024';

const defaultMemory = '2048';
const defaultStorageGiB = 21;
