// The settings of an executable and of a run for restarts and time limits. They are checked, and completed with the
// defaults (docs/reference/api.md, "Execution policies").

import { given } from '../given.ts';
import { type Hash, isHash } from '../reference/value.ts';

/** How often a job may restart for each reason, and in all. */
export type ExecutionPolicy = {
  readonly restartOn?: { readonly [reason: string]: number };
  readonly maxRestarts?: number;
  readonly maxSpotTries?: number;
  readonly onNonRestartableFailure?: 'failStage' | 'failAllStages';
};
/** Entry point or `*` → days, hours and minutes, added up. */
export type TimeoutPolicy = { readonly [entryPoint: string]: { readonly [unit in Unit]?: number } };
type Unit = keyof typeof unitsMs;

/**
 * The policy in effect: the run's keys override the executable's, which override the defaults. `restartOn` is replaced
 * as a whole.
 *
 * @param inherited the policy of the job above, if the executable takes the `restartOn` of that job for its default
 */
export function effectiveExecutionPolicy(
  executable: ExecutionPolicy = {},
  run: ExecutionPolicy = {},
  { restartOn = defaultPolicy.restartOn }: ExecutionPolicy = {},
): ExecutionPolicy {
  return { ...defaultPolicy, ...given({ restartOn }), ...executable, ...run };
}

/** The policy of several, each of which overrides those before it. A limit for `*` overrides every entry point. */
export function effectiveTimeoutPolicy(...policies: readonly (TimeoutPolicy | undefined)[]): TimeoutPolicy {
  const last = policies.findLastIndex((policy) => policy !== undefined && Object.hasOwn(policy, '*'));
  return Object.assign({}, ...policies.slice(Math.max(0, last)));
}

/** The time that an entry point may run, in milliseconds: its own limit, else that of `*`, else the default. */
export function timeoutMs(policy: TimeoutPolicy | undefined, entryPoint: string): number {
  const limit = ownLimit(policy, entryPoint) ?? ownLimit(policy, '*');
  if (limit === undefined) return maximumTimeoutMs;
  const total = (Object.keys(unitsMs) as Unit[]).reduce((sum, unit) => sum + (limit[unit] ?? 0) * unitsMs[unit], 0);
  return Math.min(Math.round(total), maximumTimeoutMs);
}

/** A sentence for each fault. */
export function checkExecutionPolicy(policy: unknown, at: string): string[] {
  if (policy === undefined) return [];
  if (!isHash(policy)) return [`${at} must be a hash`];
  const problems = checkRestartOn(policy.restartOn, `${at}.restartOn`);
  if (policy.maxRestarts !== undefined && !isCount(policy.maxRestarts, maximumRestarts)) {
    problems.push(`${at}.maxRestarts must be an integer from 0 to ${maximumRestarts}`);
  }
  if (policy.maxSpotTries !== undefined && !isCount(policy.maxSpotTries, Number.MAX_SAFE_INTEGER)) {
    problems.push(`${at}.maxSpotTries must be an integer from 0`);
  }
  const onFailure = policy.onNonRestartableFailure;
  if (onFailure !== undefined && onFailure !== 'failStage' && onFailure !== 'failAllStages') {
    problems.push(`${at}.onNonRestartableFailure must be failStage or failAllStages`);
  }
  return problems;
}

/** A sentence for each fault. */
export function checkTimeoutPolicy(policy: unknown, at: string): string[] {
  if (policy === undefined) return [];
  if (!isHash(policy)) return [`${at} must be a hash of entry points`];
  return Object.entries(policy).flatMap(([entryPoint, limit]) => checkLimit(limit, `${at}.${entryPoint}`));
}

function checkRestartOn(restartOn: unknown, at: string): string[] {
  if (restartOn === undefined) return [];
  if (!isHash(restartOn)) return [`${at} must be a hash of failure reasons`];
  return Object.entries(restartOn).flatMap(([reason, count]) => {
    if (!(restartReasons as readonly string[]).includes(reason)) {
      return [`${at}: "${reason}" is not a reason to restart on; use one of ${restartReasons.join(', ')}`];
    }
    return isCount(count, Number.MAX_SAFE_INTEGER) ? [] : [`${at}.${reason} must be an integer from 0`];
  });
}

function checkLimit(limit: unknown, at: string): string[] {
  if (!isHash(limit)) return [`${at} must be a hash with days, hours or minutes`];
  const units = Object.keys(limit);
  const known = units.every((unit) => Object.hasOwn(unitsMs, unit) && isAmount(limit[unit]));
  if (!known) return [`${at} must have numbers of days, hours and minutes, and nothing else`];
  return units.some((unit) => (limit[unit] as number) > 0) ? [] : [`${at} must be greater than zero`];
}

function ownLimit(policy: TimeoutPolicy | undefined, entryPoint: string) {
  return policy !== undefined && Object.hasOwn(policy, entryPoint) ? policy[entryPoint] : undefined;
}

function isCount(value: unknown, maximum: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maximum;
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0;
}

const defaultPolicy: ExecutionPolicy & Hash = {
  restartOn: { UnresponsiveWorker: 2, JMInternalError: 1, ExecutionError: 1 },
};
const unitsMs = { days: 86_400_000, hours: 3_600_000, minutes: 60_000 } as const;

/** Reasons on which a policy may restart. `*` means all of them. */
const restartReasons = [
  'ExecutionError',
  'UnresponsiveWorker',
  'JMInternalError',
  'AppInternalError',
  'AppInsufficientResourceError',
  'JobTimeoutExceeded',
  'SpotInstanceInterruption',
  '*',
] as const;

/** The largest `maxRestarts`, and its default. */
export const maximumRestarts = 9;
/** The longest time that a job may be `running`, and its default: 30 days (docs/reference/api.md, "Time limits"). */
const maximumTimeoutMs = 30 * 86_400_000;
