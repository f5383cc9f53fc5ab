// Tests the ends of the members of a tree: a termination, a failure and a restart may meet, and each member must have
// the right state, reason, message and `failureFrom` (docs/reference/api.md, "Spread of failures").

import { describe, expect, test } from 'vitest';
import type { JobRow } from '../../core/job/row.ts';
import { ownScope } from '../../core/job/row.ts';
import { isTerminal } from '../../core/job/state.ts';
import { createJob } from '../../engine/job/birth.ts';
import { loadDoom, putDoom } from '../../engine/job/doom.ts';
import { endTry } from '../../engine/job/end-try.ts';
import { finish } from '../../engine/job/finish.ts';
import { sweepExecution } from '../../engine/sweep.ts';
import { terminateTree } from '../../engine/terminate.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, type PlanOptions, planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform, isSettled, type Program, taskOf } from '../memory/platform.ts';
import { ended } from '../memory/workers.ts';
import { takeTurns } from '../simulation/turns.ts';

function givenPlatform(programs: { readonly [name: string]: Program }) {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, (claimed) => {
    const program = programs[claimed.row.name ?? ''];
    return program === undefined ? { output: {} } : program(claimed);
  });
  const run = async (name: string, options?: PlanOptions) => {
    await createJob(context, planJob(name, options));
    await platform.run();
  };
  /** Workers stop from now on, and everything ends. */
  const end = async () => {
    context.workers.stopAtOnce = true;
    for (let round = 0; round < 3; round++) {
      await platform.run();
      context.clock.now += 700_000;
      await platform.sweep();
    }
    await platform.run();
  };
  return { context, platform, run, end };
}

function loseHost(context: MemoryContext, name: string): void {
  context.workers.states.set(taskOf(`${jobId(name)}-t0-l0`), ended('lost'));
}

const byAlice = {
  state: 'terminated',
  failureReason: 'Terminated',
  failureMessage: expect.stringMatching(/by user-alice$/),
};

function expectTerminated(context: MemoryContext, ...names: string[]): void {
  for (const name of names) {
    const row = byName(context, name);
    expect(row, name).toMatchObject(byAlice);
    expect(row, name).not.toHaveProperty('failureFrom');
    expect(isSettled(row), name).toBe(true);
  }
}

/** A tree of running jobs, with one that waits for another. Workers that are asked to stop go on for now. */
async function givenRunningTree() {
  const given = givenPlatform({
    main: async ({ row }) => {
      await createJob(given.context, planJob('running', { parent: row }));
      await createJob(given.context, planJob('waiting', { parent: row, dependsOn: [jobId('running')] }));
      await createJob(given.context, planJob('nested', { parent: row, master: true }));
      return undefined;
    },
    nested: async ({ row }) => {
      await createJob(given.context, planJob('below', { parent: row }));
      return undefined;
    },
    running: () => undefined,
    below: () => undefined,
  });
  given.context.workers.stopAtOnce = false;
  await given.run('main');
  return given;
}

const treeNames = ['main', 'running', 'waiting', 'nested', 'below'];

test.each(['main', 'running', 'nested'])(
  'a tree whose restart is under way, because the host of %s was lost, is terminated with every job that has not ended',
  async (lost) => {
    let whole = false;
    for (let before = 0; !whole; before++) {
      const { context, end } = await givenRunningTree();
      loseHost(context, lost);
      let openThen: string[] = [];
      const acts = {
        first: () => sweepExecution(context, jobId(lost)),
        second: async () => {
          openThen = treeNames.filter((name) => !isTerminal(byName(context, name).state));
          await terminateTree(context, jobId('below'), 'user-alice');
        },
      };
      const { first, second, firstWhole } = await takeTurns(context, acts, { before, between: Infinity });
      expect([first.error, second.error]).toEqual([undefined, undefined]);
      // An end that was decided before the termination may have been written after it.
      const stillOpen = openThen.filter((name) => !isTerminal(byName(context, name).state));
      await end();
      expectTerminated(context, ...stillOpen);
      expectTerminated(context, 'main', 'nested');
      whole = firstWhole;
    }
  },
);

test('a job whose machine is lost while its tree is being terminated is terminated', async () => {
  const { context, end } = await givenRunningTree();
  const running = byName(context, 'running');
  await terminateTree(context, jobId('main'), 'user-alice');
  const failure = { reason: 'UnresponsiveWorker', message: 'The machine was lost' } as const;
  await endTry(context, running, { failure });
  await end();
  expectTerminated(context, ...treeNames);
});

test('a job that reports a failure while its tree is being terminated is terminated at once', async () => {
  const { context, end } = await givenRunningTree();
  const main = byName(context, 'main');
  const cause = { kind: 'termination', execution: main.pk, try: 0, by: 'user-alice' } as const;
  await putDoom(context, main.pk, ownScope(main), cause);
  const running = byName(context, 'running');
  expect(running.state).toBe('running');
  const report = { failure: { type: 'AppError', message: 'no reads' } };
  expect(await finish(context, running, report)).toEqual({ state: 'terminated' });
  await terminateTree(context, main.pk, 'user-alice');
  await end();
  expectTerminated(context, ...treeNames);
});

test('a termination that dies at any step leaves a tree that goes on, or one that ends as terminated', async () => {
  const outcomes: string[] = [];
  let whole = false;
  for (let before = 0; !whole; before++) {
    const { context, platform, end } = await givenRunningTree();
    const terminate = () => terminateTree(context, jobId('main'), 'user-alice');
    const acts = { first: terminate, second: async () => undefined };
    const { firstWhole } = await takeTurns(context, acts, { before, between: 0, dies: 'first' });
    await platform.run();
    const isDoomed = (await loadDoom(context, byName(context, 'main'))) !== undefined;
    outcomes.push(isDoomed ? 'ends' : 'goes on');
    expect(isDoomed || byName(context, 'main').state === 'running').toBe(true);
    if (!isDoomed) await terminate();
    await end();
    expectTerminated(context, ...treeNames);
    whole = firstWhole;
  }
  expect(new Set(outcomes)).toEqual(new Set(['goes on', 'ends']));
});

describe('a tree that fails', () => {
  const expectAll = (context: MemoryContext, cause: JobRow, names: readonly string[]) => {
    for (const name of names) {
      const row = byName(context, name);
      expect(row, name).toMatchObject({ state: 'failed', failureReason: 'JobTreeFailure', failureFrom: cause.pk });
      expect(row.failureMessage, name).toContain(`${cause.pk}, a job of the same tree, failed with AppError: no reads`);
    }
  };

  test.each([
    ['input', { dependsOn: [jobId('bad')] }, undefined],
    ['output', {}, { output: { x: { $dnanexus_link: { job: jobId('bad'), field: 'x' } } } }],
  ] as const)(
    'names the job that failed first, though a job that needs it for its %s is looked at before',
    async (_title, options, result) => {
      const { context, platform, run, end } = givenPlatform({
        main: async ({ row }) => {
          await createJob(context, planJob('bad', { parent: row }));
          await createJob(context, planJob('maker', { parent: row }));
          return { output: {} };
        },
        maker: async ({ row }) => {
          await createJob(context, planJob('sleeping', { parent: row }));
          return undefined;
        },
        bad: () => undefined,
        sleeping: () => undefined,
        needs: () => result,
      });
      await run('main');
      await finish(context, byName(context, 'bad'), { failure: { type: 'AppError', message: 'no reads' } });
      const held = platform.records.splice(0);
      await createJob(context, planJob('needs', { parent: byName(context, 'maker'), ...options }));
      await platform.run();
      platform.records.push(...held);
      await end();
      const cause = byName(context, 'bad');
      expect(cause).toMatchObject({ state: 'failed', failureReason: 'AppError' });
      expect(cause).not.toHaveProperty('failureFrom');
      expectAll(context, cause, ['main', 'maker', 'sleeping', 'needs']);
    },
  );

  test('names the failing job itself when it needs a job of another tree', async () => {
    const { context, run, end } = givenPlatform({
      main: async ({ row }) => {
        await createJob(context, planJob('needs', { parent: row, dependsOn: [jobId('other')] }));
        return { output: {} };
      },
      other: () => ({ failure: { type: 'AppError', message: 'no reads' } }),
    });
    await run('other');
    await run('main');
    await end();
    const needs = byName(context, 'needs');
    expect(needs).toMatchObject({ state: 'failed', failureReason: 'DependencyUnsatisfiable' });
    const { failureReason, failureFrom } = byName(context, 'main');
    expect({ failureReason, failureFrom }).toEqual({ failureReason: 'JobTreeFailure', failureFrom: needs.pk });
  });
});
