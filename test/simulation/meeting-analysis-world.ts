// Worlds of meeting-analysis.test.ts: what may meet in an analysis. Each says which ends are allowed.

import type { AnalysisPlan } from '../../core/analysis/plan.ts';
import type { StagePlan } from '../../core/analysis/spec.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { JobRow } from '../../core/job/row.ts';
import { isJob } from '../../core/row/execution/execution.ts';
import { jobKey } from '../../core/row/execution/job.ts';
import { advance } from '../../engine/advance.ts';
import { createAnalysis } from '../../engine/analysis/birth.ts';
import { sweepExecution } from '../../engine/sweep.ts';
import { terminateTree } from '../../engine/terminate.ts';
import type { MemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { ended } from '../memory/workers.ts';
import { type Meeting, meet, type Planted, reporter, runningAs, workersFor } from './meeting.ts';
import type { Actor, World } from './replay.ts';

/** The call that makes an analysis of A and B, which waits for A. Each record brings a look meanwhile. */
export function bornAnalysis(planted?: Planted): Promise<World> {
  return meet(['w', 'a', 'b'], planted, async (context) => {
    const plan = planAnalysis([{ name: 'a' }, { name: 'b', after: 'a' }]);
    return {
      actors: [{ name: 'call', run: () => createAnalysis(context, plan) }],
      mailFrom: ['w'],
      ends: [/^w unborn, a unborn, b unborn$/, /^w done#0, a done#0, b done#0$/],
    };
  });
}

/** A call is repeated while the first one is under way, or when the stage has ended. */
export function repeatedBirth(planted?: Planted, heard: readonly string[] = ['a']): Promise<World> {
  return meet(['w', 'a'], planted, async (context) => {
    const plan = planAnalysis([{ name: 'a' }]);
    return {
      actors: ['call', 'second call'].map((name) => ({ name, run: () => createAnalysis(context, plan) })),
      mailFrom: heard,
      spawn: () => workersFor(context, ['a']),
      ends: [/^w unborn, a unborn$/, /^w done#0, a done#0$/],
    };
  });
}

/** A user terminates an analysis whose stages are being made. */
export function terminatedBirth(planted?: Planted): Promise<World> {
  return meet(['w', 'a', 'b'], planted, async (context) => {
    const plan = planAnalysis([{ name: 'a' }, { name: 'b' }]);
    const isBorn = () => context.rows.peek('executions', { pk: plan.id, sk: 'A' }) !== undefined;
    const spawn = () => (isBorn() ? [terminator(context)] : []);
    const end = '(terminated/Terminated#0|unborn)';
    return {
      actors: [{ name: 'call', run: () => createAnalysis(context, plan) }],
      mailFrom: [],
      spawn,
      ends: [/^w unborn, a unborn, b unborn$/, new RegExp(`^w terminated/Terminated#0, a ${end}, b ${end}$`)],
    };
  });
}

/** Both stages of an analysis fail at once. */
export function twoFailedStages(planted?: Planted, heard: readonly string[] = ['a', 'b']): Promise<World> {
  return ofStages(planted, [running('a'), running('b')], async (context, [one, other]) => ({
    actors: [reporter(context, one, appError), reporter(context, other, appError)],
    mailFrom: heard,
    ends: [/^w failed\/AppError<[ab]#0, a failed\/AppError#0, b failed\/AppError#0$/],
  }));
}

/** A, whose failure ends all other stages, fails while B reports an output. */
export function failedForAll(planted?: Planted, heard: readonly string[] = ['a', 'w']): Promise<World> {
  return ofStages(planted, [{ ...running('a'), failsAll: true }, running('b')], async (context, [one, other]) => ({
    actors: [reporter(context, one, appError), reporter(context, other)],
    mailFrom: heard,
    ends: [/^w failed\/AppError<a#0, a failed\/AppError#0, b (done|failed\/JobTreeFailure<a)#0$/],
  }));
}

/** Two stages fail at once, and the failure of each ends all others. */
export function twoFailedForAll(planted?: Planted, heard: readonly string[] = ['a', 'w']): Promise<World> {
  const stages = ['a', 'b'].map((name) => ({ ...running(name), failsAll: true }));
  return ofStages(planted, stages, async (context, [one, other]) => ({
    actors: [reporter(context, one, appError), reporter(context, other, appError)],
    mailFrom: heard,
    ends: [
      /^w failed\/AppError<[ab]#0, a failed\/AppError#0, b failed\/AppError#0$/,
      /^w failed\/AppError<a#0, a failed\/AppError#0, b failed\/JobTreeFailure<a#0$/,
      /^w failed\/AppError<b#0, a failed\/JobTreeFailure<b#0, b failed\/AppError#0$/,
    ],
  }));
}

/** A user terminates an analysis while the machine of stage A is lost, so that A starts again. */
export function terminatedStageRestart(
  planted?: Planted,
  heard: readonly string[] = [],
  withWorker = false,
): Promise<World> {
  return ofStages(planted, [running('a')], async (context, [one]) => {
    context.workers.states.set('task of a', ended('lost'));
    return {
      actors: [{ name: 'look at a', run: () => sweepExecution(context, one.pk) }, terminator(context)],
      mailFrom: heard,
      ...(withWorker ? { spawn: () => workersFor(context, ['a']) } : {}),
      ends: [/^w terminated\/Terminated#0, a (terminated\/Terminated#[01]|done#1)$/],
    };
  });
}

/** A user terminates an analysis while its only stage reports an output. */
export function terminatedAnalysis(planted?: Planted, heard: readonly string[] = ['w']): Promise<World> {
  return ofStages(planted, [running('a')], async (context, [one]) => ({
    actors: [reporter(context, one), terminator(context)],
    mailFrom: heard,
    ends: [/^w done#0, a done#0$/, /^w terminated\/Terminated#0, a (done|terminated\/Terminated)#0$/],
  }));
}

type StageOf = {
  readonly name: string;
  /** The stage that it waits for. */
  readonly after?: string;
  readonly failsAll?: boolean;
  readonly isRunning?: boolean;
};

function running(name: string): StageOf {
  return { name, isRunning: true };
}

/** An analysis that was born and looked at. */
function ofStages(
  planted: Planted | undefined,
  stages: readonly StageOf[],
  build: (context: MemoryContext, jobs: [JobRow, JobRow]) => Promise<Meeting>,
): Promise<World> {
  return meet(['w', ...stages.map(({ name }) => name)], planted, async (context) => {
    const plan = planAnalysis(stages);
    await createAnalysis(context, plan);
    const jobs = plan.spec.stages.map(({ row }) => row).filter(isJob);
    const rows = jobs.map((row, index): JobRow => {
      const { name, isRunning } = stages[index] as StageOf;
      return isRunning ? { ...row, openShard: 0, dueAt: context.now() + 600_000, ...runningAs(context, name) } : row;
    });
    for (const { pk, sk: _, ...set } of rows.map((row) => ({ ...row, sk: '' })))
      await context.rows.update('executions', jobKey(pk), { set });
    await advance(context, plan.id);
    return build(context, rows as [JobRow, JobRow]);
  });
}

function planAnalysis(stages: readonly StageOf[]): AnalysisPlan {
  const now = 1_700_000_000_000;
  const { row: of } = planJob('of the analysis');
  const analysis: AnalysisPlan['row'] = {
    ...{ pk: analysisId, state: 'in_progress', try: 0, project: of.project, launchedBy: of.launchedBy, name: 'w' },
    ...{ root: analysisId, lineage: [], priority: 'normal', created: now, modified: now, digest: 'd' },
    transitions: [['in_progress', now]],
    executable: deriveId('workflow', 'test', 'workflow', '1'),
  };
  const jobs = stages.map(({ name, after }) => {
    const { id, spec, row } = planJob(name, after === undefined ? {} : { dependsOn: [jobId(after)] });
    const { pk, root, lineage } = analysis;
    return { id, spec, row: { ...row, root: pk, lineage: [`a:${root}:0`, ...lineage], digest: 'd' } };
  });
  return {
    id: analysisId,
    row: analysis,
    spec: {
      ...{ runInput: {}, originalInput: {}, name: 'w', folder: '/', tags: [], properties: {}, details: {} },
      ...{ dependsOn: [], executableName: 'w', priority: 'normal', delayWorkspaceDestruction: false, shown: {} },
      workflow: {} as AnalysisPlan['spec']['workflow'],
      stages: jobs.map(({ id, row }, index): StagePlan => {
        const { name, after, failsAll = false } = stages[index] as StageOf;
        return { id: name, execution: id, row, level: after === undefined ? 0 : 1, failsAll };
      }),
    },
    stageSpecs: new Map(jobs.map(({ id, spec }) => [id, spec])),
    analyses: [],
  };
}

/** A user terminates the analysis. */
function terminator(context: MemoryContext): Actor {
  return { name: 'user', run: () => terminateTree(context, analysisId, 'user-alice') };
}

const analysisId = deriveId('analysis', 'test', 'analysis', 'w');
const appError = { failure: { type: 'AppError', message: 'as planned' } } as const;
