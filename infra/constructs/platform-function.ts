// One function of the platform: its name, role, log group and limits. Its role holds exactly the given statements.

import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type EventInvokeConfigOptions,
  Function as LambdaFunction,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type Deployment, pathName, physicalName, tablePrefix } from '../deployment.ts';
import { type FunctionCode, type FunctionName, functionHandler } from './function-code.ts';

export type PlatformFunctionProps = {
  readonly deployment: Deployment;
  readonly name: FunctionName;
  readonly description: string;
  readonly code: FunctionCode;
  readonly timeoutSeconds: number;
  readonly memoryMb?: number;
  /** Variables beyond STAGE, TABLE_PREFIX and REGION_NAME, which every function gets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly statements: readonly PolicyStatement[];
  /**
   * The function may cause its own next invocation (pages of work, the pump). AWS must not treat that as a runaway
   * loop.
   */
  readonly repeats?: boolean;
  /** For functions that are invoked asynchronously. */
  readonly asynchronous?: EventInvokeConfigOptions;
};

export class PlatformFunction extends LambdaFunction {
  constructor(scope: Construct, id: string, props: PlatformFunctionProps) {
    const { deployment, name } = props;
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      logGroupName: pathName(deployment, `function/${name}`),
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: deployment.retained ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const role = new Role(scope, `${id}Role`, {
      description: `Espalier ${deployment.stage}: permissions of the function ${name}`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        permissions: new PolicyDocument({
          statements: [mayLog(logGroup), mayTrace(), ...props.statements],
        }),
      },
    });
    super(scope, id, {
      functionName: physicalName(deployment, name),
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: functionHandler,
      code: props.code(name),
      memorySize: props.memoryMb ?? defaultMemoryMb,
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        STAGE: deployment.stage,
        TABLE_PREFIX: tablePrefix(deployment),
        REGION_NAME: `aws:${Stack.of(scope).region}`,
        ...props.environment,
      },
      // All its rights are written above: nothing may be added to them from elsewhere.
      role: role.withoutPolicyUpdates(),
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.ACTIVE,
      ...(props.repeats ? { recursiveLoop: RecursiveLoop.ALLOW } : {}),
      ...(props.asynchronous ?? {}),
    });
  }
}

function mayLog(group: LogGroup): PolicyStatement {
  return new PolicyStatement({
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [group.logGroupArn],
  });
}

/** X-Ray cannot be limited to resources. */
function mayTrace(): PolicyStatement {
  return new PolicyStatement({
    actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
    resources: ['*'],
  });
}

const defaultMemoryMb = 1024;
