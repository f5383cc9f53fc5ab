// Loads the executables of the stages of a run, and of the workflows among the stages.

import { ApiError, invalidInput, resourceNotFound } from '../../core/error/api-error.ts';
import type { Program } from '../../core/executable/executable.ts';
import { type GlobalWorkflowId, isId } from '../../core/id/identifier.ts';
import { dataBound, type ProjectContext } from '../../core/run/project-context.ts';
import type { Stage, StageExecutable, WorkflowId, WorkflowSpec } from '../../core/workflow/workflow.ts';
import { findUnboundPlace, type Sight } from '../access/sight.ts';
import { loadObject } from '../store/load-object.ts';
import { mapLimited } from '../store/map-limited.ts';
import { loadExecutable, type NamedExecutable, nameApp, nameApplet } from './load-executable.ts';

export type NamedWorkflow = {
  readonly id: WorkflowId;
  /** The global workflow that the call named. The workflow is in its resources. */
  readonly publishedAs?: GlobalWorkflowId;
  readonly name: string;
  /** The state of the workflow as a data object. */
  readonly state: string;
  readonly spec: WorkflowSpec;
};

/** The executables of the stages: by what the workflow calls them, and programs also by their ids. */
export type Parts = {
  readonly programs: ReadonlyMap<StageExecutable, Program>;
  readonly workflows: ReadonlyMap<StageExecutable, NamedWorkflow>;
};

/**
 * The executables of the stages, and of the workflows among them, each once.
 *
 * @throws ApiError that names the stage, when the caller may not run one in the project
 */
export async function loadParts(sight: Sight, stages: readonly Stage[], project: ProjectContext): Promise<Parts> {
  const programs = new Map<StageExecutable, Program>();
  const workflows = new Map<StageExecutable, NamedWorkflow>();
  for (let level = stages; level.length > 0; ) {
    const firsts = [...new Map(level.toReversed().map((stage) => [stage.executable, stage])).values()];
    const fresh = firsts.filter(({ executable }) => !programs.has(executable) && !workflows.has(executable));
    const below = await mapLimited(fresh, (stage) =>
      inStage(stage, async (): Promise<readonly Stage[]> => {
        const { executable } = stage;
        if (isId(executable, 'workflow')) {
          const workflow = await loadWorkflow(sight, executable, project);
          workflows.set(executable, workflow);
          return workflow.spec.stages;
        }
        const program = await loadExecutable(sight, await nameExecutable(sight, executable), project);
        programs.set(executable, program).set(program.id, program);
        return [];
      }),
    );
    level = below.flat();
  }
  for (const [id, workflow] of workflows) workflows.set(id, freezeApps(workflow, programs));
  return { programs, workflows };
}

/** A workflow that is a stage. It is closed, so it does not change any more. */
async function loadWorkflow(sight: Sight, id: WorkflowId, project: ProjectContext): Promise<NamedWorkflow> {
  const object = await loadObject(sight.context, id);
  const [first] = object?.placements.keys() ?? [];
  const place = object && (await findUnboundPlace(sight, object, project.id, first));
  if (place === 'bound') throw dataBound(id, project.id);
  if (object === undefined || place === undefined) throw resourceNotFound(id);
  const { state } = object.row;
  if (state !== 'closed') throw invalidInput(`${id} is ${state}: a workflow must be closed before it can be a stage`);
  return { id, name: object.placements.get(place)?.name ?? id, state, spec: object.spec as WorkflowSpec };
}

async function nameExecutable(sight: Sight, executable: StageExecutable): Promise<NamedExecutable> {
  if (!isId(executable, 'applet')) {
    const [subject = '', alias] = executable.split('/');
    return nameApp(sight, subject, alias);
  }
  const object = await loadObject(sight.context, executable);
  const [place] = object?.placements.keys() ?? [];
  if (object === undefined || place === undefined) throw resourceNotFound(executable);
  return nameApplet(object, place);
}

/** The workflow with the ids of the apps that its stages name: their aliases may move later. */
export function freezeApps(workflow: NamedWorkflow, executables: ReadonlyMap<StageExecutable, Program>): NamedWorkflow {
  const stages = workflow.spec.stages.map((stage) => {
    return { ...stage, executable: executables.get(stage.executable)?.id ?? stage.executable };
  });
  return { ...workflow, spec: { ...workflow.spec, stages } };
}

/** Names the stage whose run is refused. */
export async function inStage<Result>({ id, name }: Stage, plan: () => Promise<Result>): Promise<Result> {
  try {
    return await plan();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const what = name === null ? id : `${id} ("${name}")`;
    throw new ApiError(error.type, `stage ${what}: ${error.message}`, error.details);
  }
}
