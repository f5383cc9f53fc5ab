// An API of EventBridge for suites that make rules and send events on any engine. The product does not call its
// operations.

import { given } from '../../../../core/given.ts';
import type { NewEvent } from '../../../../emulation/cloud/event-bridge/bus-event.ts';
import type { EventBridge, Rule } from '../../../../emulation/cloud/event-bridge/event-bridge.ts';
import { compilePattern } from '../../../../emulation/cloud/event-bridge/pattern.ts';
import { parseRate } from '../../../../emulation/cloud/event-bridge/schedule.ts';
import { AwsError } from '../../../../emulation/cloud/wire/aws-error.ts';
import type { JsonService } from '../../../../emulation/cloud/wire/control-server.ts';
import { type Input, stringList, stringMember, structureList } from '../../../../emulation/cloud/wire/input.ts';

type Deliver = (event: unknown) => Promise<void>;

/** @param deliverTo finds how to deliver to an ARN. */
export function createEventsApi(bus: EventBridge, deliverTo: (arn: string) => Deliver): JsonService {
  const rules = new Map<string, Rule>();
  const put = (rule: Rule) => {
    rules.set(rule.name, rule);
    return bus.putRule(rule).arn;
  };
  return {
    name: 'events',
    targetPrefix: 'AWSEvents',
    operations: {
      PutRule(input) {
        const rule = readRule(input);
        return { RuleArn: put({ ...rule, targets: rules.get(rule.name)?.targets ?? [] }) };
      },
      PutTargets(input) {
        const rule = rules.get(stringMember(input, 'Rule') ?? '');
        if (!rule) throw new AwsError('ResourceNotFoundException', 'This rule does not exist on EventBus default.');
        const targets = (structureList(input, 'Targets') ?? []).map((target) => readTarget(target, deliverTo));
        put({ ...rule, targets });
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
      PutEvents(input) {
        const entries = (structureList(input, 'Entries') ?? []).map((entry) => bus.publish(readEntry(entry)));
        return { FailedEntryCount: 0, Entries: entries.map(({ id }) => ({ EventId: id })) };
      },
      TestEventPattern(input) {
        const matches = compilePattern(stringMember(input, 'EventPattern') ?? '');
        return { Result: matches(JSON.parse(stringMember(input, 'Event') ?? '')) };
      },
    },
  };
}

function readRule(input: Input): Omit<Rule, 'targets'> {
  const name = stringMember(input, 'Name') ?? '';
  const pattern = stringMember(input, 'EventPattern');
  const schedule = stringMember(input, 'ScheduleExpression');
  if (!pattern && !schedule) {
    throw new AwsError('ValidationException', 'Parameter(s) EventPattern or ScheduleExpression must be specified.');
  }
  return {
    name,
    enabled: stringMember(input, 'State') !== 'DISABLED',
    ...(pattern ? { pattern } : {}),
    ...(schedule ? { scheduleSeconds: parseRate(schedule) } : {}),
  };
}

function readTarget(target: Input, deliverTo: (arn: string) => Deliver): Rule['targets'][number] {
  const constant = stringMember(target, 'Input');
  return {
    id: stringMember(target, 'Id') ?? '',
    deliver: deliverTo(stringMember(target, 'Arn') ?? ''),
    ...given({ input: constant }),
  };
}

function readEntry(entry: Input): NewEvent {
  const seconds = entry.Time;
  return {
    source: stringMember(entry, 'Source') ?? '',
    'detail-type': stringMember(entry, 'DetailType') ?? '',
    detail: JSON.parse(stringMember(entry, 'Detail') ?? ''),
    resources: stringList(entry, 'Resources') ?? [],
    ...(typeof seconds === 'number' ? { time: new Date(seconds * 1000).toISOString().replace(/\.\d+/, '') } : {}),
  };
}
