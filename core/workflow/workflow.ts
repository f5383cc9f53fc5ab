// A workflow apart from its metadata: its stages, how they are linked, and its own inputs and outputs
// (docs/reference/api.md, "Workflows").

import type { ExecutionPolicy } from '../executable/policy.ts';
import type { SystemRequirements } from '../executable/requirements.ts';
import type { AnalysisId, AppId, AppletId, Id } from '../id/identifier.ts';
import type { Parameter, Specification } from '../iospec/parameter.ts';
import type { Hash } from '../reference/value.ts';

export type WorkflowId = Id<'workflow'>;
/** An applet, an app (by its id, or by name and version), or a closed workflow. */
export type StageExecutable = AppletId | AppId | WorkflowId;

/** One executable of a workflow, and how it is run there. Null means that nothing was set. */
export type Stage = {
  /** Unique in the workflow. It never changes. */
  readonly id: string;
  readonly executable: StageExecutable;
  readonly name: string | null;
  /** Absolute, or relative to the output folder of the run. */
  readonly folder: string | null;
  /** The values that are bound to inputs of the executable. They may hold links to other stages (link.ts). */
  readonly input: Hash;
  readonly executionPolicy: ExecutionPolicy;
  readonly systemRequirements: SystemRequirements;
};

/** An output of the workflow. `outputSource` is a link to an input or output of a stage. */
export type WorkflowOutput = Parameter & { readonly outputSource: Hash };

/** The changeable part of a workflow. It is stored as a whole, and an edit replaces it. */
export type WorkflowSpec = {
  /** Rises by one with each edit, from 0. */
  readonly editVersion: number;
  /** Null: the name of the workflow is shown. */
  readonly title: string | null;
  readonly summary: string;
  readonly description: string;
  readonly outputFolder: string | null;
  /** In the order in which they are shown. Links decide in which order they run. */
  readonly stages: readonly Stage[];
  /** Present inputs lock the workflow once it is closed: only these can be given to a run. */
  readonly inputs: Specification | null;
  readonly outputs: readonly WorkflowOutput[] | null;
  /** Ids of stages, or `*` for all, which do not reuse outputs of earlier runs. */
  readonly ignoreReuse: readonly string[];
  /** Made for one run by a client. It is kept like any other workflow. */
  readonly temporary: boolean;
  readonly treeTurnaroundTimeThreshold: number | null;
  readonly initializedFrom?: { readonly id: WorkflowId | AnalysisId };
  /** Digest of the last edit. The same call again, as after a lost answer, changes nothing and is answered as before. */
  readonly lastEdit?: string;
};

/** The part of an executable that the rules of workflows know. */
export type Interface = {
  /** Absent: any input. */
  readonly inputSpec?: Specification | undefined;
  /** Absent: any output. */
  readonly outputSpec?: Specification | undefined;
  /** A workflow must be closed before it can be a stage. */
  readonly closed: boolean;
  /** The stage that runs it, and all stages below: 1 for a program. */
  readonly stageCount: number;
  /** The levels of workflows in it: 0 for a program. */
  readonly depth: number;
};

/** What the caller sees of the executables. An executable that is missing here could not be found. */
export type Interfaces = ReadonlyMap<StageExecutable, Interface>;

/** True for a workflow whose runs take no inputs but its own. */
export function isLocked({ inputs }: WorkflowSpec, state: string): boolean {
  return inputs !== null && state === 'closed';
}

/** The stages that a workflow may have, those of workflows among its stages included. */
export const maximumStageCount = 1_000;
/** The levels of workflows that may be in each other, the outermost included. */
export const maximumWorkflowDepth = 8;
/** The inputs that all stages of a workflow may have together, and their outputs. */
export const maximumFieldCount = 10_000;
