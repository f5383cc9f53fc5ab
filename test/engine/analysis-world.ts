// A project of Alice with an applet that counts, and workflows of its stages.

import { beforeEach } from 'vitest';
import { toStageOptions } from '../../api/schemas/execution.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { AppletId, JobId, ProjectId } from '../../core/id/identifier.ts';
import type { KnownCaller } from '../../core/identity/caller.ts';
import type { Hash } from '../../core/reference/value.ts';
import type { RunRequest } from '../../core/run/request.ts';
import type { Stage, WorkflowSpec } from '../../core/workflow/workflow.ts';
import { createSight } from '../../engine/access/sight.ts';
import { finish } from '../../engine/job/finish.ts';
import { startAnalysis } from '../../engine/run/start-analysis.ts';
import { alice, bob, givenApplet, givenProject, givenWorld, type World } from '../api/execution-world.ts';
import { peekJob } from '../memory/platform.ts';

export let world: World;
export let project: ProjectId;
export let count: AppletId;

export const renew = async () => {
  world = await givenWorld();
  project = await givenProject(world);
  const number = (optional = false) => [{ name: 'n', class: 'int', ...(optional ? { optional } : {}) }];
  count = await givenApplet(world, project, { inputSpec: number(true), outputSpec: number(true), name: 'count' });
  world.programs.set('main', ({ row, input }) => {
    if (row.name === 'bad') return { failure: { type: 'AppError', message: 'no reads' } };
    if (row.name === 'slow') return undefined;
    return { output: { n: ((input.n as number | undefined) ?? 0) + 1 } };
  });
};
/** Each test has a world of its own. */
export function useAnalysisWorld(): void {
  beforeEach(renew);
}

export const workflow = deriveId('workflow', 'test', 'w', '1');
export const outputOf = (stage: string) => ({ $dnanexus_link: { stage, outputField: 'n' } });
export const stage = (id: string, more: Partial<Stage> = {}): Stage => ({
  ...{ id, executable: count, name: id, folder: null, input: {}, executionPolicy: {}, systemRequirements: {} },
  ...more,
});

type Options = {
  readonly input?: Hash;
  readonly workflow?: Partial<WorkflowSpec>;
  readonly request?: Partial<RunRequest>;
  readonly nonce?: string;
  readonly stageOptions?: object;
  readonly caller?: KnownCaller;
};

const user = { kind: 'user', user: alice, tokenHash: 'hash' } as const;

export function start(
  stages: readonly Stage[],
  { input = {}, request, nonce, stageOptions, caller = user, ...more }: Options = {},
) {
  const spec: WorkflowSpec = {
    ...{ editVersion: 0, title: null, summary: '', description: '', outputFolder: null, stages, inputs: null },
    ...{ outputs: null, ignoreReuse: [], temporary: false, treeTurnaroundTimeThreshold: null },
    ...more.workflow,
  };
  const asked: RunRequest = {
    ...{ input, tags: [], properties: {}, details: {}, dependsOn: [], project, folder: '/', shown: {} },
    ...request,
  };
  const sight = createSight(world.context, caller);
  const call = { route: `/${workflow}/run`, raw: { input }, nonce, request: asked };
  const options = toStageOptions((stageOptions ?? {}) as never);
  return startAnalysis(sight, { ...call, options }, { id: workflow, name: 'pipeline', state: 'open', spec });
}

export const bobsProject = {
  ...{ name: 'of Bob', summary: '', description: '', settings: {}, tags: [], properties: {} },
  ...{ createdBy: bob, billTo: bob },
};
export const describeOf = (id: string) => world.must(`/${id}/describe`);
export const statesOf = async (id: string) => {
  const { state, stages } = await describeOf(id);
  return [state, ...(stages as Hash[]).map(({ execution }) => (execution as Hash).state)];
};
export const chain = () => [stage('a', { input: { n: 1 } }), stage('b', { input: { n: outputOf('a') } })];

/** The job named `slow` runs until this. */
export async function finishSlow(job: JobId): Promise<void> {
  await finish(world.context, peekJob(world.context, job), { output: { n: 1 } });
  await world.platform.run();
}
