// What a job was asked to do: the immutable body `S`, written once before the job row.

import type { AccessRequest } from '../executable/applet.ts';
import type { ExecutionPolicy, TimeoutPolicy } from '../executable/policy.ts';
import type { RequirementsByExecutable, SystemRequirements } from '../executable/requirements.ts';
import type { JobId, ObjectId, PlaceId } from '../id/identifier.ts';
import type { Specification } from '../iospec/parameter.ts';
import type { Hash } from '../reference/value.ts';

/** What must be ready before a job can run: a job must be done, an object closed with the hidden ones it links to. */
export type Dependency =
  | { readonly kind: 'job'; readonly job: JobId; readonly field?: string; readonly index?: number }
  | { readonly kind: 'object'; readonly object: ObjectId };

/** A data object to clone into a new workspace, and where to look for it first. */
export type Pin = { readonly object: ObjectId; readonly project?: PlaceId };

/** Body `S`: everything that the engine, describe and the jobs further down read of the call that made a job. */
export type ExecutionSpec = {
  /** As given. */
  readonly runInput: Hash;
  /** With defaults, references unresolved. */
  readonly originalInput: Hash;
  readonly name: string;
  /** Of the outputs, in the project context. */
  readonly folder: string;
  readonly tags: readonly string[];
  readonly properties: { readonly [key: string]: string };
  readonly details: unknown;
  /** As given; `waits` is what they and the input come to. */
  readonly dependsOn: readonly string[];
  readonly executableName: string;
  /** As the call asked for them. */
  readonly runSystemRequirements: SystemRequirements;
  readonly runSystemRequirementsByExecutable: RequirementsByExecutable;
  /** With what the calls above this one asked for. */
  readonly mergedSystemRequirementsByExecutable: RequirementsByExecutable;
  /** What holds for this job. */
  readonly systemRequirements: SystemRequirements;
  /** The machine of jobs that ask for none: the default of the project when the tree was started. */
  readonly defaultInstance: string;
  readonly executionPolicy: ExecutionPolicy;
  readonly timeoutPolicy: TimeoutPolicy;
  readonly timeoutPolicyByExecutable: { readonly [executable: string]: TimeoutPolicy };
  readonly access: AccessRequest;
  /** Of master jobs whose executable has one; subjobs have none. */
  readonly inputSpec?: Specification;
  readonly outputSpec?: Specification;
  /** In a fixed order: a wait goes through them from the first. */
  readonly waits: readonly Dependency[];
  /** Of master jobs: what goes into the workspace beside what the resolved input links to. */
  readonly pins: readonly Pin[];
  /** Where the objects of the input are that no pin names; absent: in the project context. */
  readonly inputPlace?: PlaceId;
  readonly delayWorkspaceDestruction: boolean;
  readonly ignoreReuse: boolean;
  readonly headJobOnDemand: boolean;
  /** The jobs that this one is nested in, outermost first; a detached job has none. */
  readonly ancestors: readonly JobId[];
  /** The job that started a detached tree, and its try at that time. */
  readonly detachedFrom?: JobId;
  readonly detachedFromTry?: number;
  /** Fields of the call that are kept and shown, and have no effect yet: `rank`, `costLimit`, `debug`, … */
  readonly shown: Hash;
};
