// Rate schedules: reads their expressions and runs them.

import { AwsError } from '../wire/aws-error.ts';

/**
 * Seconds of `rate(value unit)`, as eb-rate-expressions.html describes it. `cron(…)` is refused, because it is not
 * implemented here.
 */
export function parseRate(expression: string): number {
  const parts = /^rate\((\d+) (minute|hour|day)(s?)\)$/.exec(expression);
  const count = Number(parts?.[1]);
  const unit = unitSeconds[parts?.[2] ?? ''];
  if (!parts || !unit || count < 1 || (count === 1) === (parts[3] === 's')) {
    throw new AwsError('ValidationException', `Parameter ScheduleExpression is not valid: ${expression}`);
  }
  return count * unit;
}

/**
 * Calls `fire` every `seconds`, first after that time. Times that pass while the machine sleeps are skipped. Returns a
 * function that ends the schedule.
 */
export function startSchedule(seconds: number, fire: () => void): () => void {
  const timer = setInterval(fire, Math.min(seconds * 1000, maximumSleepMs)).unref();
  return () => clearInterval(timer);
}

const unitSeconds: Readonly<Record<string, number>> = { minute: 60, hour: 3_600, day: 86_400 };
/** A longer delay would overflow the timer. */
const maximumSleepMs = 2 ** 31 - 1;
