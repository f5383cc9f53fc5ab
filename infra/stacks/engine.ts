// The resources that move executions on between requests: streams, queues, the state machine and the sweep, with one
// function each.

import { Duration } from 'aws-cdk-lib';
import { Rule, type RuleProps, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { streamStates } from '../../core/analysis/stream-states.ts';
import { environmentOf, moverVariables } from '../constructs/environment.ts';
import type { FunctionCode } from '../constructs/function-code.ts';
import { JobAttempt } from '../constructs/job-attempt.ts';
import {
  mayConsume,
  mayContent,
  mayMoveJobs,
  mayQueryOpenIndex,
  mayReadParameter,
  mayReadStreams,
  mayRows,
  maySend,
  mayStartExecution,
  mayUseDeploymentKey,
} from '../constructs/permission.ts';
import { PlatformFunction } from '../constructs/platform-function.ts';
import { ProductStack } from '../constructs/product-stack.ts';
import { sharedParameters, sharedValue } from '../constructs/shared-parameter.ts';
import { consumeStream } from '../constructs/table-stream.ts';
import { consumeQueue, plainQueue, workQueue } from '../constructs/work-queue.ts';
import { arnOf, type Deployment, physicalName } from '../deployment.ts';

export class EngineStack extends ProductStack {
  readonly #code: FunctionCode;
  readonly #givenUp: Queue;

  constructor(scope: Construct, deployment: Deployment, code: FunctionCode) {
    super(scope, 'Engine', { deployment, description: 'Espalier: the functions that move executions on' });
    this.#code = code;
    this.#givenUp = plainQueue(this, 'GivenUp', deployment, 'given-up');
    this.#advance();
    this.#dispatch();
    this.#cleanUp();
    this.#finalise();
    this.#sweep();
    new JobAttempt(this, 'JobAttempt', deployment);
  }

  #advance(): void {
    const { deployment } = this;
    const advance = new PlatformFunction(this, 'Advance', {
      deployment,
      name: 'advance',
      description: 'Looks at executions and objects that changed, and moves their waiters on',
      code: this.#code,
      timeoutSeconds: 60,
      environment: environmentOf(deployment, moverVariables),
      statements: [
        ...mayReadStreams(deployment, ['executions', 'objects']),
        ...mayMoveJobs(deployment),
        maySend(deployment, 'given-up'),
      ],
    });
    consumeStream(this, 'ExecutionChanges', {
      streamArn: sharedValue(this, deployment, 'executionsStream'),
      target: advance,
      // A running job's row changes with each heartbeat, which calls for nothing.
      states: streamStates(),
      givenUp: this.#givenUp,
    });
    consumeStream(this, 'ObjectChanges', {
      streamArn: sharedValue(this, deployment, 'objectsStream'),
      target: advance,
      states: ['closed'],
      givenUp: this.#givenUp,
    });
  }

  #dispatch(): void {
    const { deployment } = this;
    const queue = workQueue(this, 'Runnable', {
      deployment,
      name: 'runnable',
      consumerTimeoutSeconds: dispatchTimeoutSeconds,
    });
    const target = new PlatformFunction(this, 'Dispatch', {
      deployment,
      name: 'dispatch',
      description: 'Starts the state machine execution of a runnable job',
      code: this.#code,
      timeoutSeconds: dispatchTimeoutSeconds,
      memoryMb: 512,
      repeats: true,
      environment: environmentOf(deployment, [
        'STATE_MACHINE_ARN',
        'TASK_DEFINITION',
        'DEBUG_TASK_DEFINITION',
        'DEPLOYMENT_KEY_PARAMETER',
        'API_URL_PARAMETER',
        'WORKERS_PER_USER',
        'CONTENT_BUCKET',
      ]),
      statements: [
        mayConsume(deployment, 'runnable'),
        mayRows(deployment, 'executions', ['read', 'put', 'delete']),
        mayContent(deployment, 'meta', ['read']),
        mayStartExecution(deployment),
        mayUseDeploymentKey(deployment),
        mayReadParameter(deployment, sharedParameters.apiUrl),
      ],
    });
    consumeQueue(this, 'RunnableMessages', { queue, target, batchSize: 10, maxConcurrency: dispatchConcurrency });
  }

  #cleanUp(): void {
    const { deployment } = this;
    const queue = workQueue(this, 'Work', {
      deployment,
      name: 'work',
      consumerTimeoutSeconds: cleanUpTimeoutSeconds,
    });
    const target = new PlatformFunction(this, 'CleanUp', {
      deployment,
      name: 'clean-up',
      description:
        'Does work in pages: wakes waiters, ends trees, destroys workspaces, deletes objects without references',
      code: this.#code,
      timeoutSeconds: cleanUpTimeoutSeconds,
      repeats: true,
      environment: environmentOf(deployment, moverVariables),
      statements: [
        mayConsume(deployment, 'work'),
        ...mayMoveJobs(deployment),
        mayContent(deployment, 'meta', ['delete']),
        // The function completes the closing of a file if the call that began it died.
        mayContent(deployment, 'w', ['read', 'write', 'parts']),
      ],
    });
    // One message at a time: a look that ends its process ends no other.
    consumeQueue(this, 'WorkMessages', { queue, target, batchSize: 1, maxConcurrency: cleanUpConcurrency });
  }

  #finalise(): void {
    const { deployment } = this;
    new PlatformFunction(this, 'Finalise', {
      deployment,
      name: 'finalise',
      description: 'Looks at a job after its launch has ended: the state machine never decides',
      code: this.#code,
      timeoutSeconds: 60,
      environment: environmentOf(deployment, [...moverVariables, 'HEARTBEAT_SECONDS']),
      statements: mayMoveJobs(deployment),
    });
  }

  #sweep(): void {
    const { deployment } = this;
    const target = new PlatformFunction(this, 'Sweep', {
      deployment,
      name: 'sweep',
      description: 'Looks at every execution that is due, and at one whose task or state machine execution ended',
      code: this.#code,
      timeoutSeconds: 55,
      environment: environmentOf(deployment, [...moverVariables, 'HEARTBEAT_SECONDS']),
      statements: [mayQueryOpenIndex(deployment), ...mayMoveJobs(deployment)],
    });
    this.#rule('SweepSchedule', 'sweep', target, { schedule: Schedule.rate(Duration.minutes(sweepMinutes)) });
    this.#rule('TaskStopped', 'task-stopped', target, {
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Task State Change'],
        detail: {
          clusterArn: [arnOf('ecs', `cluster/${physicalName(deployment, 'workers')}`)],
          lastStatus: ['STOPPED'],
        },
      },
    });
    this.#rule('ExecutionClosed', 'execution-closed', target, {
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [arnOf('states', `stateMachine:${physicalName(deployment, 'job-attempt')}`)],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
    });
  }

  #rule(id: string, name: string, target: PlatformFunction, when: RuleProps): void {
    const rule = new Rule(this, id, { ruleName: physicalName(this.deployment, name), ...when });
    rule.addTarget(
      new LambdaTarget(target, {
        event: RuleTargetInput.fromEventPath('$'),
        deadLetterQueue: this.#givenUp,
        retryAttempts: 4,
        maxEventAge: Duration.minutes(10),
      }),
    );
  }
}

const dispatchTimeoutSeconds = 10;
const cleanUpTimeoutSeconds = 30;
/**
 * Launches are paced here: Fargate starts about twenty tasks a second (docs/reference/aws.md, "Fargate launch rate").
 */
const dispatchConcurrency = 5;
const cleanUpConcurrency = 10;
const sweepMinutes = 1;
