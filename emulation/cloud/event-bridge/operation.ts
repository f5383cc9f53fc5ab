// The EventBridge API: events in, rules and their targets. It knows nothing of how events are delivered.
import type { DatabaseSync } from 'node:sqlite';
import { arnOf } from '../wire/account.ts';
import { AwsError } from '../wire/aws-error.ts';
import type { JsonService, Operation } from '../wire/control-server.ts';
import { type Input, integerMember, stringList, stringMember, structureList, structureMember } from '../wire/input.ts';
import type { BusEvent, NewEvent } from './bus-event.ts';
import type { Target } from './delivery-pump.ts';
import { compilePattern } from './pattern.ts';
import { putEvents, testEventPattern } from './put-events.ts';
import { openRuleTable, type RuleTable, type StoredRule, type StoredTarget } from './rule-table.ts';
import { parseRate } from './schedule.ts';

/** Finds how to deliver to an ARN; undefined where there is no such target here. */
export type ResolveTarget = (arn: string) => ((event: unknown) => Promise<void>) | undefined;

export type ApiOptions = {
  database: DatabaseSync;
  putRule(rule: {
    name: string;
    pattern?: unknown;
    scheduleSeconds?: number;
    enabled: boolean;
    targets: Target[];
  }): void;
  deleteRule(name: string): void;
  publish(event: NewEvent): BusEvent;
  resolveTarget: ResolveTarget | undefined;
};

const RULE_NAME = /^[.\-_A-Za-z0-9]{1,64}$/;
const MAX_TARGETS = 5;
/** Members of a target that are honoured; any other is refused, not ignored. */
const TARGET_MEMBERS: readonly string[] = ['Id', 'Arn', 'Input', 'RetryPolicy', 'RoleArn'];

/** The table of operations. Rules made by it are durable and live again as soon as this is called. */
export function createEventsApi(options: ApiOptions): JsonService {
  const table = openRuleTable(options.database);
  for (const rule of table.all()) options.putRule(toRule(rule, options.resolveTarget));
  return {
    name: 'events',
    targetPrefix: 'AWSEvents',
    resources: resourcesOf,
    operations: {
      PutEvents: (input) => putEvents(input, options.publish),
      TestEventPattern: testEventPattern,
      ...ruleOperations(options, table),
    },
  };
}

function ruleOperations(options: ApiOptions, table: RuleTable): Record<string, Operation> {
  const apply = (rule: StoredRule) => {
    options.putRule(toRule(rule, options.resolveTarget));
    table.put(rule);
  };
  return {
    PutRule(input) {
      const rule = readRule(input);
      apply({ ...rule, targets: table.get(rule.name)?.targets ?? [] });
      return { RuleArn: arnOf('events', `rule/${rule.name}`) };
    },
    DeleteRule(input) {
      const name = stringMember(input, 'Name') ?? '';
      if (table.get(name)?.targets.length) {
        throw new AwsError('ValidationException', "Rule can't be deleted since it has targets.");
      }
      if (table.get(name)) options.deleteRule(name);
      table.remove(name);
      return {};
    },
    PutTargets(input) {
      const rule = ruleIn(table, input);
      const { targets, failed } = readTargets(input, options.resolveTarget);
      const kept = rule.targets.filter(({ id }) => !targets.some((target) => target.id === id));
      if (kept.length + targets.length > MAX_TARGETS) {
        throw new AwsError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');
      }
      apply({ ...rule, targets: [...kept, ...targets] });
      return { FailedEntryCount: failed.length, FailedEntries: failed };
    },
    RemoveTargets(input) {
      const rule = ruleIn(table, input);
      const ids = stringList(input, 'Ids') ?? [];
      apply({ ...rule, targets: rule.targets.filter(({ id }) => !ids.includes(id)) });
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
  };
}

function ruleIn(table: RuleTable, input: Input): StoredRule {
  const name = stringMember(input, 'Rule');
  const rule = name === undefined ? undefined : table.get(name);
  if (!rule) throw new AwsError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus default.`);
  return rule;
}

function toRule({ name, enabled, pattern, scheduleSeconds, targets }: StoredRule, resolve: ResolveTarget | undefined) {
  return {
    name,
    enabled,
    ...(pattern === undefined ? {} : { pattern }),
    ...(scheduleSeconds === undefined ? {} : { scheduleSeconds }),
    targets: targets.map((target) => toTarget(target, resolve)),
  };
}

function resourcesOf(operation: string, input: Record<string, unknown>): string[] {
  if (operation === 'PutEvents') return [arnOf('events', 'event-bus/default')];
  const name = stringMember(input, 'Name') ?? stringMember(input, 'Rule');
  return [name === undefined ? '*' : arnOf('events', `rule/${name}`)];
}

function readRule(input: Input): Omit<StoredRule, 'targets'> {
  const name = stringMember(input, 'Name') ?? '';
  if (!RULE_NAME.test(name))
    throw new AwsError('ValidationException', `Value '${name}' at 'name' is no name of a rule`);
  const pattern = stringMember(input, 'EventPattern');
  const schedule = stringMember(input, 'ScheduleExpression');
  if (!pattern && !schedule) {
    throw new AwsError('ValidationException', 'Parameter(s) EventPattern or ScheduleExpression must be specified.');
  }
  if (pattern) compilePattern(pattern);
  return {
    name,
    enabled: stringMember(input, 'State') !== 'DISABLED',
    ...(pattern ? { pattern } : {}),
    ...(schedule ? { scheduleSeconds: parseRate(schedule) } : {}),
  };
}

function readTargets(input: Input, resolve: ResolveTarget | undefined) {
  const targets: StoredTarget[] = [];
  const failed: object[] = [];
  for (const entry of structureList(input, 'Targets') ?? []) {
    const id = stringMember(entry, 'Id') ?? '';
    const arn = stringMember(entry, 'Arn') ?? '';
    const unknown = Object.keys(entry).find((member) => !TARGET_MEMBERS.includes(member));
    if (unknown) throw new AwsError('ValidationException', `${unknown} of target ${id} is not implemented here`);
    if (!resolve?.(arn)) {
      failed.push({
        TargetId: id,
        ErrorCode: 'ResourceNotFoundException',
        ErrorMessage: `There is no target ${arn} here`,
      });
      continue;
    }
    const given = stringMember(entry, 'Input');
    const retry = structureMember(entry, 'RetryPolicy') ?? {};
    const retryAttempts = integerMember(retry, 'MaximumRetryAttempts');
    const eventAgeSeconds = integerMember(retry, 'MaximumEventAgeInSeconds');
    targets.push({
      id,
      arn,
      ...(given === undefined ? {} : { input: given }),
      ...(retryAttempts === undefined ? {} : { retryAttempts }),
      ...(eventAgeSeconds === undefined ? {} : { eventAgeSeconds }),
    });
  }
  return { targets, failed };
}

function toTarget(
  { id, arn, input, retryAttempts, eventAgeSeconds }: StoredTarget,
  resolve: ResolveTarget | undefined,
): Target {
  return {
    id,
    async deliver(event) {
      const deliver = resolve?.(arn);
      if (!deliver) throw new Error(`There is no target ${arn} here`);
      await deliver(event);
    },
    ...(input === undefined ? {} : { input }),
    ...(retryAttempts === undefined ? {} : { maximumRetryAttempts: retryAttempts }),
    ...(eventAgeSeconds === undefined ? {} : { maximumEventAgeSeconds: eventAgeSeconds }),
  };
}
