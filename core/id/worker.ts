// A worker is named by the launch that it was started for: the job, its try, and the number of workers that the try had
// before.

import { isId, type JobId } from './identifier.ts';

declare const workerBrand: unique symbol;
/** `job-x-t0-l0`. Only `workerId` makes one and only `readWorkerId` reads it. Everything else treats it as a name. */
export type WorkerId = string & { readonly [workerBrand]: true };

/** The launch that a worker was started for. */
export type LaunchOf = { readonly job: JobId; readonly try: number; readonly launch: number };

/**
 * The id of the worker of one launch. It is always the same, so that a launch which is requested twice starts one
 * worker.
 */
export function workerId({ job, try: attempt, launch }: LaunchOf): WorkerId {
  return `${job}-t${attempt}-l${launch}` as WorkerId;
}

/** The launch that a worker was started for, or undefined when the text is not the id of a worker. */
export function readWorkerId(text: string): LaunchOf | undefined {
  const [, job, attempt, launch] = workerPattern.exec(text) ?? [];
  return isId(job, 'job') ? { job, try: Number(attempt), launch: Number(launch) } : undefined;
}

const workerPattern = /^(job-[0-9A-Za-z]+)-t(\d+)-l(\d+)$/;
