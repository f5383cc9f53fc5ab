// Searches launch and claim on the product's own functions: duplicate dispatch, a launch that fails, a late task, a
// lost answer, two tasks of one launch (docs/reference/protocols.md, "Launch").

import { describe, expect, test } from 'vitest';
import type { WorkerEnd } from '../../core/context.ts';
import { readWorkerId, workerId } from '../../core/id/worker.ts';
import { jobWorker } from '../../core/job/row.ts';
import { finalise } from '../../engine/finalise.ts';
import { claim } from '../../engine/job/claim.ts';
import { finish } from '../../engine/job/finish.ts';
import { loadJob } from '../../engine/store/load-job.ts';
import type { MemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { ended } from '../memory/workers.ts';
import { type Budget, budgets } from './budget.ts';
import { explore } from './explore.ts';
import { type Actor, currentActor, type World } from './replay.ts';
import { createSmallContext, givenJob, peek, wire } from './world.ts';

type Planted = (context: MemoryContext) => void;
const calm: Budget = { crashes: 0, losses: 0, doubles: 0 };

type Options = {
  /** Tasks that the first launch starts. */
  readonly tasks: readonly string[];
  /** Whether the first launch ends before its tasks claim. They are late then. */
  readonly fails?: boolean;
  /** Whether the first task claims twice, because the answer was lost. */
  readonly losesAnswer?: boolean;
  readonly planted?: Planted;
};

/** J is runnable, and every launch starts tasks that claim and report. */
async function launchedJob(options: Options): Promise<World> {
  const context = createSmallContext();
  const parent = planJob('tree').row;
  const row = await givenJob(context, 'j', { parent, at: { state: 'runnable', transitions: [['runnable', 0]] } });
  await context.queues.sendRunnable([{ v: 1, worker: jobWorker(row), group: 'p' }]);
  options.planted?.(context);
  const claimants = new Set<string>();
  let failedUnder = '';
  const first = jobWorker(row);
  const wired = wire(context);
  const task = async (name: string, launch: number, twice: boolean): Promise<void> => {
    const of = { job: row.pk, try: 0, launch };
    const nonce = await context.seals.seal('boot', workerId(of));
    const arn = `task ${name}`;
    await context.workers.report(arn, { kind: 'running' });
    const ask = () => claim(context, { ...of, nonce, task: arn }).catch(() => undefined);
    const unheard = twice ? await ask() : undefined;
    const claimed = await ask();
    if ((claimed ?? unheard) !== undefined) claimants.add(arn);
    if (claimed !== undefined) await finish(context, claimed.row, { output: {} });
    if ((await loadJob(context, row.pk))?.state === 'failed') failedUnder = arn;
    await context.workers.report(arn, ended('exited', 'exit code 0'));
  };
  const ends = async (launch: number, end: WorkerEnd): Promise<void> => {
    const worker = workerId({ job: row.pk, try: 0, launch });
    await context.workers.stopLaunch(worker, 'it ended by itself');
    await finalise(context, worker, end);
  };
  const spawn = (): Actor[] =>
    [...context.workers.launches.keys()].flatMap((name) => {
      const launch = readWorkerId(name)?.launch ?? 0;
      if (name !== first) return [{ name: `worker ${launch}`, run: () => task(`of launch ${launch}`, launch, false) }];
      const tasks = options.tasks.map((one, index) => ({
        name: `worker ${one}`,
        run: () => task(one, 0, index === 0 && options.losesAnswer === true),
      }));
      const end = {
        name: 'worker that never came',
        run: () => ends(0, ended('noCapacity', 'RESOURCE:CPU')),
      };
      return options.fails ? [...tasks, end] : tasks;
    });
  return {
    ...wired,
    // The rules are about what workers have seen, which stays true.
    sees: () => [],
    actors: [],
    spawn,
    invariant: () => {
      if (claimants.size > 1) return `claimed by ${[...claimants].join(' and ')}`;
      return failedUnder === '' ? undefined : `failed while ${failedUnder} ran`;
    },
    final: () => {
      const state = peek(context, row.pk)?.state;
      return state === 'done' ? undefined : `j is ${state}`;
    },
  };
}

const worlds: [string, Options][] = [
  ['one of two tasks of a launch wins, though the first claims twice', { tasks: ['one', 'two'], losesAnswer: true }],
  ['a late task of a failed launch does not harm the job', { tasks: ['late'], fails: true }],
];

describe.each(worlds)('%s', (_title, options) => {
  // A doubled message on top of a failed launch would take a minute. The random lives contain that case.
  const possible = budgets.filter(([, { doubles }]) => doubles === 0 || options.fails !== true);
  test.each(possible)(
    'when %s',
    async (_what, budget) => {
      const found = await explore(() => launchedJob(options), budget);
      expect(found.problem).toBeUndefined();
      expect(found.states).toBeGreaterThan(10);
    },
    120_000,
  );
});

describe('the search finds a planted error', () => {
  test('a claim without its condition', async () => {
    const found = await explore(() => launchedJob({ tasks: ['one', 'two'], planted: claimUnconditionally }), calm);
    expect(found.problem?.what).toMatch('claimed by');
  });

  test('a claim that is not idempotent for its task', async () => {
    const found = await explore(() => launchedJob({ tasks: ['one'], losesAnswer: true, planted: forgetTheTask }), calm);
    expect(found.problem?.what).toMatch(/j is (running|failed)/);
  });
});

function claimUnconditionally({ rows }: MemoryContext): void {
  const { update } = rows;
  rows.update = (table, key, change, expected) =>
    update(table, key, change, change.set?.task === undefined ? expected : {});
}

/** When a worker reads the row again, it seems to belong to another task. */
function forgetTheTask({ rows }: MemoryContext): void {
  const { get } = rows;
  rows.get = async (table, key) => {
    const row = await get(table, key);
    if (key.pk !== jobId('j') || !currentActor().startsWith('worker')) return row;
    return row?.task === undefined ? row : { ...row, task: 'another' };
  };
}
