// Everything that may end a job from outside its own code: the platform's answer to a heartbeat, a limit, a signal, the
// platform's death. The first reason counts.

import { Socket } from 'node:net';
import type { WorkerEnvironment } from './environment.ts';
import { folderExcess } from './folder-size.ts';
import { type Claim, type Failure, type Platform, PlatformRefusal } from './platform.ts';

/** With a failure, the worker reports it. Without one, the try is not its own any more, and it reports nothing. */
export type StopReason = { readonly failure?: Failure };
export type Stopper = {
  current(): StopReason | undefined;
  stop(reason: StopReason): void;
  /** Aborted by any reason. */
  readonly over: AbortSignal;
  /** Aborted when the try is not this worker's any more, also after another reason. */
  readonly lost: AbortSignal;
  /** The listener is called once, and at once if the job was stopped already. */
  onStop(listener: (reason: StopReason) => void): void;
};

export function createStopper(): Stopper {
  let reason: StopReason | undefined;
  const listeners: ((reason: StopReason) => void)[] = [];
  const over = new AbortController();
  const lost = new AbortController();
  return {
    current: () => reason,
    over: over.signal,
    lost: lost.signal,
    stop: (why) => {
      if (!why.failure) lost.abort();
      if (reason) return;
      reason = why;
      over.abort();
      for (const listener of listeners) listener(why);
    },
    onStop: (listener) => {
      if (reason) listener(reason);
      else listeners.push(listener);
    },
  };
}

/** Renews the lease. A dead token or a stop in the answer ends the job. */
export function watchHeartbeat(platform: Platform, claim: Claim, stopper: Stopper): NodeJS.Timeout {
  return repeat(claim.limits.heartbeatSeconds * 1000, async () => {
    try {
      const { stop } = await platform.heartbeat(claim.token);
      if (stop) stopper.stop({ failure: { type: stop.reason, message: stop.message } });
    } catch (error) {
      // A missing answer ends nothing: the lease decides how long that may last.
      if (error instanceof PlatformRefusal) stopper.stop({});
    }
  });
}

/** Like `setInterval`, except that an action which takes longer than the period skips the next ones. */
function repeat(periodMs: number, act: () => Promise<void>): NodeJS.Timeout {
  let underWay = false;
  return setInterval(async () => {
    if (underWay) return;
    underWay = true;
    await act().finally(() => {
      underWay = false;
    });
  }, periodMs);
}

/** The pipe from the platform closes when the platform dies. This job's try is then lost, and ends at once. */
export function watchLifeline(environment: WorkerEnvironment, stopper: Stopper): void {
  if (environment.lifelineFd === undefined) return;
  // A file stream would not do: a blocked read would keep the process from exiting.
  const lifeline = new Socket({ fd: environment.lifelineFd, readable: true, writable: false });
  lifeline.on('close', () => stopper.stop({}));
  lifeline.on('error', () => stopper.stop({}));
  lifeline.resume();
  lifeline.unref();
}

/** StopTask arrives as SIGTERM. */
export function watchSignals(stopper: Stopper): void {
  process.on('SIGTERM', () => stopper.stop({}));
  process.on('SIGINT', () => stopper.stop({}));
}

export function watchFolder(
  folder: string,
  limitBytes: number,
  stopper: Stopper,
  periodMs = folderLookMs,
  look = folderExcess,
): NodeJS.Timeout {
  return repeat(periodMs, async () => {
    const excess = await look(folder, { bytes: limitBytes, entries: folderEntryLimit });
    if (excess === undefined) return;
    const message = `The job's folder holds ${excess}; the job was ended`;
    stopper.stop({ failure: { type: 'AppInsufficientResourceError', message } });
  });
}

const folderLookMs = 10_000;
/** The limit for a job's folder. More entries cannot be counted within a look. */
const folderEntryLimit = 2_000_000;
