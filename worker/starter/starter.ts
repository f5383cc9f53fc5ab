// Starts the processes of a worker's jobs through one small kept program (worker/starter/starter.py), which needs a
// fraction of the time that a fork of this process takes, and gives each job namespaces of its own.

import { join } from 'node:path';
import type { JobEnd, JobProcess } from '../job-process.ts';
import type { JobLog } from '../log.ts';
import type { LogOutput } from '../log-output.ts';
import { logDatagram } from '../log-relay.ts';
import { removeFolder, removeJobFolder, workFolderOf } from '../remove-folder.ts';
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
  /** Our programs, where the job's `/` may be kept for the next one, and they are not in the job's folder. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Processors that the job may use. All of the machine's if it has fewer. */
  readonly cores: number;
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
  /**
   * Removes what a job that is over has left in its folder, or the whole folder. Files of these names in its home stay
   * if the next job can write over them.
   */
  clean(folder: string, names: readonly string[]): Promise<void>;
  /** Ends the program, and with it everything that it started. */
  close(): Promise<void>;
};

/**
 * Starts the program, which is ready some time later. If it dies, the next job starts it again.
 *
 * @param report gets the reason why a folder could not be removed
 */
export function createStarter(options: StarterOptions, report: (fault: unknown) => void = () => undefined): Starter {
  const open = () => openLink(options, (path) => removeFolder(path, report));
  let link = open();
  return {
    start(job) {
      if (link.over() !== undefined) link = open();
      return startOn(link, job);
    },
    async clean(folder, names) {
      if (link.over() === undefined) await link.clean(folder, names);
      // It has died, perhaps in the middle of that.
      if (link.over() !== undefined) removeJobFolder(folder, report);
    },
    close: () => link.close(),
  };
}

function startOn(link: Link, options: StartOptions): JobProcess {
  const { command, keeper, log, output } = options;
  const exited = Promise.withResolvers<JobEnd>();
  const gone = Promise.withResolvers<void>();
  const consumers = { STDOUT: log.consumer('STDOUT'), STDERR: log.consumer('STDERR') };
  let end: JobEnd | undefined;
  let isGone = false;
  link.begin(
    {
      onOutput(level, chunk, source) {
        consumers[level].write(chunk);
        output.hold(source);
      },
      onLog(text, source) {
        logDatagram(text, log);
        output.hold(source);
      },
      onExited(found) {
        end = found;
        if (keeper) exited.resolve(found);
      },
      onFailed: (reason) => exited.reject(new Error(`${command[0]} cannot be started: ${reason}`)),
      onEnded() {
        isGone = true;
        consumers.STDOUT.end();
        consumers.STDERR.end();
        end ??= lostEnd;
        exited.resolve(end);
        gone.resolve();
      },
    },
    requestOf(options),
  );
  // `ended` rejects with the reason, even if nobody waits for it.
  exited.promise.catch(() => undefined);
  const ask = (kind: 'stop' | 'kill') => isGone || link.send({ kind });
  let stopping = false;
  return {
    ended: exited.promise,
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
      await gone.promise;
    },
  };
}

function requestOf({
  command,
  home,
  variables,
  keeper,
  folder,
  hasRoot,
  shown,
  layers,
  programs,
  cores,
}: StartOptions): object {
  const work = workFolderOf(folder);
  // A job finds the sockets at their fixed path, wherever they are made.
  const logFolder = join(hasRoot ? work : folder, 'log');
  const kept = programs ? { shelf: `${folder}.kept`, programs } : null;
  const root = hasRoot ? { folder, work, shown, layers, kept } : null;
  return { kind: 'start', command, home, variables, keeper: keeper ?? null, logFolder, root, cores };
}

/** The end of a command whose first process was killed before it could report. */
const lostEnd: JobEnd = { code: null, signal: 'SIGKILL' };
/** The time between asking a job to end and killing it. */
const stopGraceMs = 5000;
