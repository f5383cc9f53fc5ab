// Starts the processes of a worker's jobs through one small kept program (worker/starter/starter.py), which needs a
// fraction of the time that a fork of this process takes, and gives each job namespaces of its own.

import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { JobEnd, JobProcess } from '../job-process.ts';
import type { JobLog } from '../log.ts';
import type { LogOutput } from '../log-output.ts';
import { logDatagram } from '../log-relay.ts';
import { workFolderOf } from '../remove-folder.ts';
import { type Link, openLink, type StarterOptions } from './link.ts';

export type StartOptions = {
  readonly command: readonly string[];
  /** The working directory, as the job sees it. */
  readonly home: string;
  readonly variables: Readonly<Record<string, string>>;
  /** The job's own folder on this machine. */
  readonly folder: string;
  /** Whether the job sees that folder as `/`, above the machine's files. Otherwise it sees the machine's own `/`. */
  readonly hasRoot: boolean;
  /** Folders of the machine that such a job sees although they lie in /tmp, which is its own. */
  readonly shown: readonly string[];
  /** Folders of packages, each laid out like `/`, that such a job sees above the machine's files. */
  readonly layers: readonly string[];
  /**
   * The variables of a process that stays in the job's namespaces until `close`, together with what the command left
   * behind.
   */
  readonly keeper: Readonly<Record<string, string>> | undefined;
  readonly log: JobLog;
  readonly output: Pick<LogOutput, 'hold'>;
};

export type Starter = {
  /** Starts the one job that runs now. */
  start(options: StartOptions): JobProcess;
  /** Ends the program, and with it everything that it started. */
  close(): Promise<void>;
};

/** Starts the program, which is ready some time later. If it dies, the next job starts it again. */
export function createStarter(options: StarterOptions): Starter {
  let link = openLink(options);
  return {
    start(job) {
      if (link.hasEnded()) link = openLink(options);
      return startOn(link, job);
    },
    close: () => link.close(),
  };
}

function startOn(link: Link, options: StartOptions): JobProcess {
  const { command, keeper, log, output } = options;
  const exited = Promise.withResolvers<JobEnd>();
  const gone = Promise.withResolvers<void>();
  let end: JobEnd | undefined;
  let isSent = false;
  let isGone = false;
  const begun = link.begin({
    onLog(text, source) {
      logDatagram(text, log);
      output.hold(source);
    },
    onExited(found) {
      end = found;
      exited.resolve(found);
    },
    onFailed: (reason) => exited.reject(new Error(`${command[0]} cannot be started: ${reason}`)),
    onEnded() {
      isGone = true;
      end ??= lostEnd;
      if (isSent) exited.resolve(end);
      gone.resolve();
    },
  });
  const read = begun.then(([stdout, stderr]) => {
    isSent = true;
    link.send(requestOf(options));
    return Promise.all([
      readAll(stdout, log.consumer('STDOUT'), output),
      readAll(stderr, log.consumer('STDERR'), output),
    ]);
  });
  read.catch((error: unknown) => {
    exited.reject(error);
    gone.resolve();
  });
  // `ended` rejects with the reason, even if nobody waits for it.
  const ignore = () => undefined;
  exited.promise.catch(ignore);
  const closed = gone.promise.then(() => within(drainLimitMs, read.catch(ignore)));
  const ask = (kind: 'stop' | 'kill') => begun.then(() => isGone || link.send({ kind }), ignore);
  let stopping = false;
  return {
    ended: keeper ? exited.promise : exited.promise.finally(() => closed),
    isThere: () => !isGone,
    stop({ atOnce }) {
      if (stopping || isGone) return;
      stopping = true;
      ask(atOnce ? 'kill' : 'stop');
      // After its end a kept command has left only what may stay.
      setTimeout(() => end || ask('kill'), stopGraceMs).unref();
    },
    async close() {
      if (keeper) ask('kill');
      await closed;
    },
  };
}

function requestOf({ command, home, variables, keeper, folder, hasRoot, shown, layers }: StartOptions): object {
  const work = workFolderOf(folder);
  // A job finds the sockets at their fixed path, wherever they are made.
  const logFolder = join(hasRoot ? work : folder, 'log');
  const root = hasRoot ? { folder, work, shown, layers } : null;
  return { kind: 'start', command, home, variables, keeper: keeper ?? null, logFolder, root };
}

/** Passes a stream on up to its end, which comes when no process of the job has it open. */
function readAll(
  stream: Socket,
  consumer: ReturnType<JobLog['consumer']>,
  output: Pick<LogOutput, 'hold'>,
): Promise<void> {
  stream.on('data', (chunk: Buffer) => {
    consumer.write(chunk);
    output.hold(stream);
  });
  return new Promise((resolve) => {
    stream.on('error', () => undefined);
    stream.once('close', () => {
      consumer.end();
      resolve();
    });
  });
}

/** A stream that an unknown process keeps open is given up after a time limit. */
async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const { promise: limit, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  await Promise.race([work, limit]);
  clearTimeout(timer);
}

/** The end of a command whose first process was killed before it could report. */
const lostEnd: JobEnd = { code: null, signal: 'SIGKILL' };
/** The time between asking a job to end and killing it. */
const stopGraceMs = 5000;
const drainLimitMs = 10_000;
