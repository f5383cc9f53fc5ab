// Drives executions: stores each transition, waits, calls services, and ends executions that are stopped or time out.

import type { DatabaseSync } from 'node:sqlite';
import type { Outbox } from '../wire/outbox.ts';
import { inLazyTransaction, inTransaction } from '../wire/transaction.ts';
import { type StartTimer, until } from './alarm.ts';
import type { Clock } from './error-rule.ts';
import type { Change, Execution } from './execution.ts';
import type { ExecutionTable } from './execution-table.ts';
import { draftOf, endExecution } from './history.ts';
import { advance, type Stimulus } from './interpreter.ts';
import type { Machine } from './machine.ts';
import { StateError } from './state-error.ts';
import { statusEvent } from './status-event.ts';
import { awaitTask, invokeFunction, type Services, submitTask } from './task-call.ts';

export type DriverOptions = {
  readonly database: DatabaseSync;
  readonly table: ExecutionTable;
  readonly outbox: Outbox;
  readonly services: Services;
  readonly clock: Clock;
  readonly startTimer: StartTimer;
  /** Returns the compiled definition. Each one is compiled once. */
  machineOf(definitionId: string): Machine;
  readonly onTransition?: (() => void) | undefined;
};

export type Driver = {
  /** Stores a first transition and continues from there. */
  start(change: Change): void;
  /** Continues a stored execution. */
  resume(execution: Execution): void;
  /** Ends a running execution. Returns false if it is not running any more. */
  abort(arn: string, told: { error?: string | undefined; cause?: string | undefined }): boolean;
  close(): Promise<void>;
};

type Live = { execution: Execution; readonly ended: AbortController; driving: Promise<void> };

/** The state that all executions of a driver share. */
type Hub = DriverOptions & { readonly lives: Map<string, Live>; closed: boolean };

export function createDriver(options: DriverOptions): Driver {
  const hub: Hub = { ...options, lives: new Map(), closed: false };
  const { database, table, outbox, lives } = hub;
  return {
    start(change) {
      inTransaction(database, () => {
        table.insert(change);
        outbox.put(statusEvent(change.execution));
      });
      countEntered(hub, change);
      go(hub, change.execution);
    },
    resume: (execution) => go(hub, execution),
    abort(arn, told) {
      const live = lives.get(arn);
      const execution = live?.execution ?? table.get(arn);
      if (execution?.status !== 'RUNNING') return false;
      const draft = draftOf(execution, options.clock.now());
      endExecution(draft, 'ABORTED', told);
      const change = draft.change();
      if (!(live ? save(hub, live, change, inTransaction) : store(hub, change, inTransaction))) return false;
      live?.ended.abort();
      // Between a fault and its recovery, or before `resume`, no drive is running that would stop the task.
      if (!live) void stopTask(options, change.execution);
      return true;
    },
    async close() {
      hub.closed = true;
      const all = [...lives.values()];
      for (const live of all) live.ended.abort();
      const limit = new Promise<void>((resolve) => setTimeout(resolve, closeLimitMs).unref());
      await Promise.race([Promise.all(all.map(({ driving }) => driving)), limit]);
    },
  };
}

function go(hub: Hub, execution: Execution, recoveries = 0): void {
  const live: Live = { execution, ended: new AbortController(), driving: Promise.resolve() };
  hub.lives.set(execution.arn, live);
  const saveLive = (change: Change) => save(hub, live, change, inLazyTransaction);
  live.driving = Promise.all([drive(hub, live, saveLive), endOnTimeout(hub, live, saveLive)]).then(
    () => void hub.lives.delete(execution.arn),
    (error: unknown) => {
      console.error(`${execution.arn} was interrupted:`, error);
      live.ended.abort();
      hub.lives.delete(execution.arn);
      recover(hub, execution.arn, recoveries + 1);
    },
  );
}

/**
 * Continues an execution from its stored state after a fault of the platform or the database. After a few recoveries it
 * waits for the next start.
 */
function recover(hub: Hub, arn: string, recoveries: number): void {
  if (hub.closed || recoveries > maximumRecoveryCount) return;
  hub.startTimer(recoveryDelayMs, () => {
    const stored = hub.closed ? undefined : hub.table.get(arn);
    if (stored?.status === 'RUNNING') go(hub, stored, recoveries);
  });
}

/** Returns false and writes nothing if the execution has been ended since. */
function save(hub: Hub, live: Live, change: Change, transact: typeof inTransaction): boolean {
  const written = !live.ended.signal.aborted && !hub.closed && store(hub, change, transact);
  if (written) live.execution = change.execution;
  return written;
}

function store(hub: Hub, change: Change, transact: typeof inTransaction): boolean {
  const { database, table, outbox } = hub;
  const written = transact(database, () => {
    const saved = table.save(change);
    if (saved && change.execution.status !== 'RUNNING') outbox.put(statusEvent(change.execution));
    return saved;
  });
  if (written) countEntered(hub, change);
  return written;
}

function countEntered({ onTransition }: Hub, { events }: Change): void {
  for (const { type } of events) if (type.endsWith('StateEntered')) onTransition?.();
}

type Save = (change: Change) => boolean;

/** Makes one transition after the other until the execution ends or is ended. */
async function drive(options: DriverOptions, live: Live, save: Save): Promise<void> {
  const machine = options.machineOf(live.execution.definitionId);
  while (live.execution.status === 'RUNNING' && !live.ended.signal.aborted) {
    const stimulus = await nextStimulus(options, machine, live);
    if (!stimulus || live.ended.signal.aborted) break;
    const change = await advance(machine, live.execution, stimulus, options.clock);
    if (!save(change)) break;
  }
  // This ends the alarm of the machine's own timeout. After a stop it has already ended.
  const { status, position } = live.execution;
  if (status === 'RUNNING' && !live.ended.signal.aborted) throw new Error('A transition could not be stored');
  live.ended.abort();
  const cut = status === 'ABORTED' || status === 'TIMED_OUT';
  if (cut && position.phase === 'working') await stopTask(options, live.execution);
}

/** Waits for the next stimulus. Undefined if the execution was ended meanwhile. */
async function nextStimulus(options: DriverOptions, machine: Machine, live: Live): Promise<Stimulus | undefined> {
  const { phase, dueAt, state } = live.execution.position;
  if (phase === 'entered') return { kind: 'due' };
  if (phase === 'waiting' || phase === 'retrying') {
    await until(dueAt ?? 0, { now: options.clock.now, startTimer: options.startTimer }, live.ended.signal);
    return { kind: 'due' };
  }
  const definition = machine.states.get(state);
  if (definition?.type !== 'Task') throw new Error(`${state} is not a Task`);
  return withinTimeouts(options, live, () => work(options, live, definition.resource));
}

async function work(options: DriverOptions, live: Live, resource: string): Promise<Stimulus> {
  const { services } = options;
  const { task } = live.execution.position;
  if (!task) throw new Error(`${live.execution.arn} has no task`);
  if (resource === 'lambda:invoke') return invokeFunction(services, task);
  if (task.taskArn) return awaitTask(services, task.taskArn);
  const submitted = await submitTask(services, live.execution);
  // The execution was ended while RunTask was called, so nothing else knows of the task.
  if (submitted.kind === 'submitted' && live.execution.status !== 'RUNNING') {
    await stopTask(options, live.execution, submitted.taskArn);
  }
  return submitted;
}

/** Races the work with TimeoutSeconds and HeartbeatSeconds. The services here do not send heartbeats. */
async function withinTimeouts(
  options: DriverOptions,
  live: Live,
  begin: () => Promise<Stimulus>,
): Promise<Stimulus | undefined> {
  const { timeoutAt = Number.POSITIVE_INFINITY, heartbeatAt = Number.POSITIVE_INFINITY } =
    live.execution.position.task ?? {};
  const done = new AbortController();
  const alarm = { now: options.clock.now, startTimer: options.startTimer };
  const signal = AbortSignal.any([done.signal, live.ended.signal]);
  const ended = new Promise<undefined>((resolve) => {
    if (live.ended.signal.aborted) resolve(undefined);
    live.ended.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const timedOut = async (): Promise<Stimulus | undefined> => {
    const at = Math.min(timeoutAt, heartbeatAt);
    if (!Number.isFinite(at)) return ended;
    await until(at, alarm, signal);
    if (live.ended.signal.aborted) return undefined;
    if (done.signal.aborted) return ended;
    const alias = heartbeatAt < timeoutAt ? { alias: 'States.HeartbeatTimeout' } : {};
    await stopTask(options, live.execution);
    return { kind: 'failed', event: 'TaskTimedOut', error: new StateError('States.Timeout', '', alias) };
  };
  try {
    return await Promise.race([begin(), timedOut(), ended]);
  } finally {
    done.abort();
  }
}

/** Ends the execution when the machine's TimeoutSeconds have passed. */
async function endOnTimeout({ clock, startTimer }: DriverOptions, live: Live, save: Save): Promise<void> {
  const { timeoutAt } = live.execution;
  if (timeoutAt === undefined) return;
  await until(timeoutAt, { now: clock.now, startTimer }, live.ended.signal);
  if (live.ended.signal.aborted || live.execution.status !== 'RUNNING') return;
  const draft = draftOf(live.execution, clock.now());
  endExecution(draft, 'TIMED_OUT', {});
  if (save(draft.change())) live.ended.abort();
}

/** Stops a .sync task, which must not outlive its execution or its timeout (connect-to-resource.html: best effort). */
async function stopTask(
  { services }: DriverOptions,
  { position, status, arn }: Execution,
  taskArn = position.task?.taskArn,
): Promise<void> {
  if (!taskArn) return;
  try {
    await services.runTask.stop(taskArn, stopReason(status));
  } catch (error) {
    console.error(`The task ${taskArn} of ${arn} could not be stopped:`, error);
  }
}

function stopReason(status: Execution['status']): string {
  return status === 'RUNNING' ? 'The state of its execution has timed out' : `Its execution is ${status}`;
}

/** `close` waits at most this long for transitions that are under way. */
const closeLimitMs = 5_000;
const maximumRecoveryCount = 5;
const recoveryDelayMs = 1_000;
