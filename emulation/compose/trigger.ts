// Starts the triggers of the template: event source mappings of streams and queues, rules and schedules.

import { given } from '../../core/given.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { checkInvocation } from '../authority/permission.ts';
import { parseRate } from '../cloud/event-bridge/schedule.ts';
import type { DeployedResource, ResourceSet } from '../template/resource-set.ts';
import { openPositionTable, type PositionTable } from '../trigger/position-table.ts';
import { type QueuePoller, startQueuePoller } from '../trigger/queue-poller.ts';
import { type StreamMapping, type StreamPoller, startStreamPoller } from '../trigger/stream-poller.ts';
import type { Services } from './engine-set.ts';
import type { Ground } from './ground.ts';

export type TriggerOptions = {
  readonly ground: Pick<Ground, 'folder' | 'tables' | 'resources' | 'authority' | 'count'>;
  readonly services: Services;
  report(what: string, fault: unknown): void;
};

export type Triggers = {
  /** Reports that tables were written. */
  wake(tables: readonly string[]): void;
  close(): Promise<void>;
};

/**
 * Starts every trigger.
 * @throws StartRefusal for a trigger of a kind that is not run here, or without its permission.
 */
export function startTriggers(options: TriggerOptions): Triggers {
  const { folder, resources } = options.ground;
  const mappings = resources.ofType('AWS::Lambda::EventSourceMapping');
  for (const mapping of mappings) checkMapping(mapping, options);
  const positions = openPositionTable(folder.file('positions'));
  const streams = new Map<string, StreamPoller[]>();
  const queues: QueuePoller[] = [];
  for (const mapping of mappings) {
    if (isQueue(mapping)) {
      queues.push(startQueue(mapping, options));
      continue;
    }
    const { table, poller } = startStream(mapping, options, positions);
    streams.set(table, [...(streams.get(table) ?? []), poller]);
  }
  options.services.eventBridge.start();
  return {
    wake(tables) {
      for (const table of tables) for (const poller of streams.get(table) ?? []) poller.wake();
    },
    async close() {
      await Promise.all(
        [...streams.values()]
          .flat()
          .concat()
          .map((poller) => poller.close()),
      );
      await Promise.all(queues.map((poller) => poller.close()));
      positions.close();
    },
  };
}

/** Puts the template's rules on the bus. They deliver once the triggers are started. */
export function declareRules({ services, resources }: { services: Services; resources: ResourceSet }): void {
  const permissions = resources.ofType('AWS::Lambda::Permission');
  for (const rule of resources.ofType('AWS::Events::Rule')) {
    const { EventPattern, ScheduleExpression, State } = rule.properties;
    const targets = rule.properties.Targets as readonly RuleTarget[];
    for (const { Arn } of targets) {
      const sourceArn = String(rule.arn);
      checkInvocation(permissions, { functionArn: Arn, service: 'events.amazonaws.com', sourceArn });
    }
    services.eventBridge.putRule({
      name: rule.name,
      ...given({ pattern: EventPattern }),
      ...(typeof ScheduleExpression === 'string' ? { scheduleSeconds: parseRate(ScheduleExpression) } : {}),
      enabled: State !== 'DISABLED',
      targets: targets.map((target) => toTarget(rule, target, services)),
    });
  }
}

/** The dead-letter queue of a rule's target. Undefined when it has none. */
export function deadLetterQueue(resources: ResourceSet, ruleName: string, targetId: string): string | undefined {
  const rule = resources.ofType('AWS::Events::Rule').find(({ name }) => name === ruleName);
  const targets = (rule?.properties.Targets ?? []) as readonly RuleTarget[];
  return targets.find(({ Id }) => Id === targetId)?.DeadLetterConfig?.Arn;
}

/** The ARNs of the functions that a schedule invokes. */
export function scheduledFunctions(resources: ResourceSet): string[] {
  const rules = resources.ofType('AWS::Events::Rule').filter(({ properties }) => properties.ScheduleExpression);
  return rules.flatMap(({ properties }) => (properties.Targets as readonly RuleTarget[]).map(({ Arn }) => Arn));
}

type RuleTarget = {
  readonly Id: string;
  readonly Arn: string;
  readonly Input?: string;
  readonly InputPath?: string;
  readonly InputTransformer?: unknown;
  readonly DeadLetterConfig?: { readonly Arn?: string };
  readonly RetryPolicy?: { readonly MaximumEventAgeInSeconds?: number; readonly MaximumRetryAttempts?: number };
};

function toTarget(rule: DeployedResource, target: RuleTarget, { lambda }: Services) {
  const { Id, Arn, Input, InputPath = '$', InputTransformer, RetryPolicy = {} } = target;
  if (InputPath !== '$' || InputTransformer !== undefined || !Arn.includes(':function:')) {
    throw new StartRefusal(
      `The target ${Id} of the rule ${rule.name} is not supported: a target here is a function that gets the whole event or a constant.`,
    );
  }
  const { MaximumEventAgeInSeconds, MaximumRetryAttempts } = RetryPolicy;
  return {
    id: Id,
    ...given({
      input: Input,
      maximumRetryAttempts: MaximumRetryAttempts,
      maximumEventAgeSeconds: MaximumEventAgeInSeconds,
    }),
    async deliver(event: unknown) {
      const result = await lambda.invoke(Arn, JSON.stringify(event));
      if ('error' in result) throw new Error(result.error.errorMessage);
    },
  };
}

function checkMapping({ logicalId, properties }: DeployedResource, { ground }: TriggerOptions): void {
  const { resources, authority } = ground;
  const unknown = Object.keys(properties).filter((property) => !mappingProperties.has(property));
  if (unknown.length > 0) {
    throw new StartRefusal(
      `The event source mapping ${logicalId} has ${unknown.join(', ')}, which the local platform does not support.`,
    );
  }
  const target = resources.ofType('AWS::Lambda::Function').find(({ name }) => name === properties.FunctionName);
  if (!target)
    throw new StartRefusal(`The event source mapping ${logicalId} invokes a function that the template does not hold.`);
  const resource = String(properties.EventSourceArn);
  const actions = resource.includes(':sqs:') ? queueActions : streamActions;
  for (const action of actions) authority.demand(String(target.properties.Role), { action, resource });
}

function isQueue({ properties }: DeployedResource): boolean {
  return String(properties.EventSourceArn).includes(':sqs:');
}

function startQueue({ properties }: DeployedResource, options: TriggerOptions): QueuePoller {
  const { services, report } = options;
  const { resources, count } = options.ground;
  const { sqs, lambda, capacity } = services;
  const functionName = String(properties.FunctionName);
  // Only these pollers receive messages, and none has started yet. An earlier platform took the messages in flight.
  sqs.releaseInFlight(String(properties.EventSourceArn));
  const scaling = properties.ScalingConfig as { MaximumConcurrency?: number } | undefined;
  return startQueuePoller({
    mapping: {
      queueArn: String(properties.EventSourceArn),
      batchSize: Number(properties.BatchSize ?? 10),
      maxConcurrency: scaling?.MaximumConcurrency ?? 0,
      reportsItems: reportsItems(properties),
    },
    sqs,
    invoke(payload) {
      // On AWS, receiving and deleting a batch are two requests that are charged.
      count('sqs:ReceiveMessage');
      count('sqs:DeleteMessageBatch');
      return lambda.invoke(functionName, payload);
    },
    onFault: report,
    ...(startsExecutions(functionName, resources) ? { room: capacity } : {}),
  });
}

/** Tells whether a function starts executions: its environment names the state machine and a task definition. */
function startsExecutions(functionName: string, resources: ResourceSet): boolean {
  const definition = resources.ofType('AWS::Lambda::Function').find(({ name }) => name === functionName);
  const variables = (definition?.properties.Environment as { Variables?: object } | undefined)?.Variables ?? {};
  return 'STATE_MACHINE_ARN' in variables && 'TASK_DEFINITION' in variables;
}

function startStream(
  resource: DeployedResource,
  options: TriggerOptions,
  positions: PositionTable,
): { table: string; poller: StreamPoller } {
  const { services, report } = options;
  const { tables } = options.ground;
  const { properties } = resource;
  const mapping = streamMapping(resource);
  const destination = properties.DestinationConfig as { OnFailure?: { Destination?: string } } | undefined;
  const queueArn = destination?.OnFailure?.Destination;
  const poller = startStreamPoller({
    mapping,
    client: tables.client,
    positions,
    idleMs: tables.isOwn ? ownStreamIdleMs : otherStreamIdleMs,
    invoke: (payload) => services.lambda.invoke(String(properties.FunctionName), payload),
    onGivenUp(details) {
      report(`stream of ${mapping.table}`, new Error(`Records were given up on: ${JSON.stringify(details)}`));
      if (queueArn) services.sqs.send(queueArn, { body: JSON.stringify(details) });
    },
    onFault: report,
    now: Date.now,
  });
  return { table: mapping.table, poller };
}

function streamMapping({ logicalId, properties }: DeployedResource): StreamMapping {
  const streamArn = String(properties.EventSourceArn);
  const filters =
    (properties.FilterCriteria as { Filters?: readonly { Pattern: string }[] } | undefined)?.Filters ?? [];
  // AWS writes -1 for "no limit".
  const limit = (value: unknown) => (typeof value === 'number' && value >= 0 ? value : undefined);
  const ageSeconds = limit(properties.MaximumRecordAgeInSeconds);
  return {
    name: logicalId,
    table: streamArn.split('/')[1] ?? '',
    streamArn,
    batchSize: Number(properties.BatchSize ?? 100),
    laneCount: Number(properties.ParallelizationFactor ?? 1),
    fromStart: properties.StartingPosition === 'TRIM_HORIZON',
    patterns: filters.map(({ Pattern }) => Pattern),
    maxRetries: limit(properties.MaximumRetryAttempts),
    maxRecordAgeMs: ageSeconds === undefined ? undefined : ageSeconds * 1000,
    bisect: properties.BisectBatchOnFunctionError === true,
    reportsItems: reportsItems(properties),
  };
}

function reportsItems({ FunctionResponseTypes }: DeployedResource['properties']): boolean {
  return ((FunctionResponseTypes ?? []) as readonly string[]).includes('ReportBatchItemFailures');
}

/** The pause between reads while no write is reported. It is longer for our own engine, which reports every write. */
const ownStreamIdleMs = 1_000;
const otherStreamIdleMs = 250;

/** The properties of a mapping that have an effect here. Any other one is refused, because only AWS would obey it. */
const mappingProperties: ReadonlySet<string> = new Set([
  'BatchSize',
  'BisectBatchOnFunctionError',
  'DestinationConfig',
  'EventSourceArn',
  'FilterCriteria',
  'FunctionName',
  'FunctionResponseTypes',
  'MaximumRecordAgeInSeconds',
  'MaximumRetryAttempts',
  'ParallelizationFactor',
  'ScalingConfig',
  'StartingPosition',
  'Tags',
]);

/** The actions that a function's role must allow before a mapping can be made (API_CreateEventSourceMapping). */
const queueActions = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
const streamActions = ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'];
