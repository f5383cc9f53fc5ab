// Amazon EventBridge's default bus for the embedded cloud: rules, durable delivery and schedules. It has no API,
// because the product calls none.

import type { DatabaseSync } from 'node:sqlite';
import { arnOf } from '../wire/account.ts';
import type { Delivery } from '../wire/delivery.ts';
import { type BusEvent, completeEvent, type NewEvent } from './bus-event.ts';
import { startDeliveryPump, type Target } from './delivery-pump.ts';
import { type Address, type DeadDelivery, type DeliveryTable, openDeliveryTable } from './delivery-table.ts';
import { compilePattern, type EventPattern } from './pattern.ts';
import { startSchedule } from './schedule.ts';

export type EventBridgeOptions = {
  readonly database: DatabaseSync;
  /** Milliseconds since 1970. */
  now(): number;
  /** Called for each delivery that was abandoned. By default this writes a line to stderr. */
  onDead?(delivery: DeadDelivery, cause: unknown): void;
  /**
   * Called when the database cannot be read or written. Deliveries continue after a pause. By default this writes a
   * line to stderr.
   */
  onFault?(fault: unknown): void;
};

/** A rule with a pattern (object or JSON text), a schedule in seconds, or both. */
export type Rule = {
  readonly name: string;
  readonly pattern?: unknown;
  readonly scheduleSeconds?: number;
  readonly enabled?: boolean;
  readonly targets: readonly Target[];
};

export type EventBridge = {
  /**
   * Creates or replaces a rule. Deliveries that wait for a target that was removed are buried. Throws
   * InvalidEventPatternException.
   */
  putRule(rule: Rule): { arn: string };
  /**
   * Stores one delivery for each target of each matching rule. Durable when it returns. Returns the event as stored.
   */
  publish(event: NewEvent): BusEvent;
  /** Starts deliveries and schedules. Deliveries that wait for a rule that does not exist by then are buried. */
  start(): void;
  /** The newest abandoned deliveries (at most 1,000), oldest first. */
  deadDeliveries(): DeadDelivery[];
  close(): Promise<void>;
};

/**
 * Delivery is durable and at least once: a row per event and target is deleted when the target has taken the event.
 * Failures are repeated with growing pauses up to the target's maximumRetryAttempts and maximumEventAgeSeconds. After
 * that the delivery goes to the table `events_dead_delivery` and to `onDead`. Source: eb-rule-retry-policy.html.
 */
export function createEventBridge(options: EventBridgeOptions): EventBridge {
  const { database, now, onDead = reportDead, onFault = reportFault } = options;
  const table = openDeliveryTable(database);
  const bus: Bus = { table, now, onDead, onFault, rules: new Map(), started: false };
  return {
    putRule: (rule) => putRule(bus, rule),
    publish: (event) => publish(bus, event),
    start: () => start(bus),
    deadDeliveries: () => table.dead(),
    async close() {
      await Promise.all([...bus.rules.values()].map(halt));
    },
  };
}

type LiveRule = {
  readonly rule: Rule;
  readonly matches: EventPattern | undefined;
  readonly pumps: Map<string, Delivery>;
  endSchedule?: () => void;
};

type Bus = {
  readonly table: DeliveryTable;
  now(): number;
  onDead(delivery: DeadDelivery, cause: unknown): void;
  onFault(fault: unknown): void;
  readonly rules: Map<string, LiveRule>;
  started: boolean;
};

function putRule(bus: Bus, rule: Rule): { arn: string } {
  const matches = rule.pattern === undefined ? undefined : compilePattern(rule.pattern);
  const before = bus.rules.get(rule.name);
  if (before) void halt(before);
  for (const { id } of before?.rule.targets ?? []) {
    const stays = rule.targets.some((target) => target.id === id);
    if (!stays) bury(bus, { rule: rule.name, target: id }, 'The target was removed from the rule');
  }
  const live: LiveRule = { rule, matches, pumps: new Map() };
  bus.rules.set(rule.name, live);
  if (bus.started) run(bus, live);
  return { arn: arnOf('events', `rule/${rule.name}`) };
}

function publish(bus: Bus, event: NewEvent): BusEvent {
  const whole = completeEvent(event, bus.now());
  send(
    bus,
    [...bus.rules.values()].filter(({ rule, matches }) => rule.enabled !== false && matches?.(whole)),
    whole,
  );
  return whole;
}

function send(bus: Bus, to: readonly LiveRule[], event: BusEvent): void {
  const addresses = to.flatMap(({ rule }) => rule.targets.map((target) => ({ rule: rule.name, target: target.id })));
  bus.table.add(addresses, JSON.stringify(event), bus.now());
  for (const { pumps } of to) for (const pump of pumps.values()) pump.wake();
}

function start(bus: Bus): void {
  if (bus.started) return;
  bus.started = true;
  for (const address of bus.table.addresses()) {
    const known = bus.rules.get(address.rule)?.rule.targets.some((target) => target.id === address.target);
    if (!known) bury(bus, address, 'The rule or its target no longer exists');
  }
  for (const live of bus.rules.values()) run(bus, live);
}

function run(bus: Bus, live: LiveRule): void {
  const { rule, pumps } = live;
  const { table, now, onDead, onFault } = bus;
  for (const target of rule.targets) {
    const address = { rule: rule.name, target: target.id };
    pumps.set(target.id, startDeliveryPump({ table, now, address, target, onDead, onFault }));
  }
  if (rule.scheduleSeconds === undefined || rule.enabled === false) return;
  live.endSchedule = startSchedule(rule.scheduleSeconds, () => {
    try {
      send(bus, [live], scheduledEvent(rule.name, now()));
    } catch (fault) {
      onFault(fault);
    }
  });
}

function bury(bus: Bus, address: Address, reason: string): void {
  for (const delivery of bus.table.waiting(address)) bus.onDead(bus.table.bury(delivery, bus.now(), reason), undefined);
}

async function halt({ pumps, endSchedule }: LiveRule): Promise<void> {
  endSchedule?.();
  await Promise.all([...pumps.values()].map((pump) => pump.close()));
}

function scheduledEvent(rule: string, now: number): BusEvent {
  const resources = [arnOf('events', `rule/${rule}`)];
  return completeEvent({ source: 'aws.events', 'detail-type': 'Scheduled Event', resources, detail: {} }, now);
}

function reportDead({ rule, target, reason }: DeadDelivery): void {
  console.error(`An event for target ${target} of rule ${rule} was abandoned: ${reason}`);
}

function reportFault(fault: unknown): void {
  console.error('Events could not be stored or read:', fault);
}
