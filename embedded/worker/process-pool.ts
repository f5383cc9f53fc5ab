// The processes of the kept workers: those that wait for a job, and those that have one.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { WorkerHandle } from '../../core/context.ts';
import { endProcessesOf, handleOf } from '../../machine/process/leftover-process.ts';
import { removeJobFolder } from '../../worker/remove-folder.ts';
import type { Database } from '../database/database.ts';
import { type KeptProcess, type KeptProcessOptions, startKeptProcess } from './kept-process.ts';
import type { ProcessMarks } from './process-mark.ts';

export type ProcessPoolOptions = Pick<KeptProcessOptions, 'program' | 'ask' | 'onLines'> & {
  readonly database: Database;
  readonly marks: ProcessMarks;
  /** The variables of every process. */
  readonly environment: () => Promise<Readonly<Record<string, string>>>;
  /** Holds a folder for each process. */
  readonly jobsFolder: string;
  /** Processes that are kept while they have nothing to do. */
  readonly keptCount: number;
  readonly report: (what: string, fault: unknown) => void;
};
export type Slot = {
  readonly mark: string;
  /** Its place among the processes of this machine, from 0. */
  readonly number: number;
  /** The folder of its jobs, one after another. */
  readonly folder: string;
  readonly process: KeptProcess;
  jobCount: number;
};
export type ProcessPool = {
  /** A process without a job. */
  take(): Promise<Slot>;
  warmUp(): Promise<void>;
  close(): Promise<void>;
};

/** @param onOver is called when the job of a task is over, however it ended */
export function createProcessPool(
  options: ProcessPoolOptions,
  onOver: (task: WorkerHandle, how: string) => void,
): ProcessPool {
  const { database, marks, jobsFolder, report } = options;
  const idle: Slot[] = [];
  const all = new Set<Slot>();
  let isClosed = false;
  const start = async (): Promise<Slot> => {
    const mark = randomBytes(16).toString('hex');
    // The mark is kept before the process begins, so that a later start finds the process whatever happens.
    marks.note(mark, null);
    await database.kept();
    const variables = await options.environment();
    const number = freeNumber(all);
    const process = startKeptProcess({
      ...options,
      environment: { ...variables, ESPALIER_TASK_ID: mark, ESPALIER_SLOT: String(number) },
      onIdle(task, isFree) {
        slot.jobCount += 1;
        const isKept = isFree && !isClosed && slot.jobCount < jobsPerProcess && idle.length < options.keptCount;
        if (isKept) idle.push(slot);
        else void process.close();
        onOver(task, 'exit code 0');
      },
      onEnd(task, how) {
        all.delete(slot);
        const at = idle.indexOf(slot);
        if (at >= 0) idle.splice(at, 1);
        if (task === undefined) {
          marks.remove(mark);
          return removeRoot(slot.folder, report);
        }
        // What the job left behind is ended before anybody hears of the end of its worker.
        endProcessesOf(new Set([mark]))
          .catch((fault: unknown) => report(`processes of a worker that ended (${how}) remain`, fault))
          .then(() => {
            marks.remove(mark);
            removeRoot(slot.folder, report);
            onOver(task, how);
          });
      },
    });
    const slot: Slot = { mark, number, folder: join(jobsFolder, mark), process, jobCount: 0 };
    all.add(slot);
    marks.note(mark, handleOf(process.pid));
    return slot;
  };
  return {
    take: async () => idle.pop() ?? start(),
    async warmUp() {
      while (all.size < options.keptCount && !isClosed) idle.push(await start());
    },
    async close() {
      isClosed = true;
      await Promise.all([...all].map(({ process }) => process.close()));
    },
  };
}

function removeRoot(folder: string, report: ProcessPoolOptions['report']): void {
  removeJobFolder(folder, (fault) => report(`the folder of an ended job, ${folder}, could not be removed`, fault));
}

function freeNumber(slots: ReadonlySet<Slot>): number {
  const taken = new Set([...slots].map(({ number }) => number));
  let number = 0;
  while (taken.has(number)) number += 1;
  return number;
}

/** A process is replaced after so many jobs, so that nothing can pile up in it. */
const jobsPerProcess = 1_000;
