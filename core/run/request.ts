// What run and /job/new are asked, once their shape has been checked, and how large it may be. Types and limits only.

import type { ExecutionPolicy, TimeoutPolicy } from '../executable/policy.ts';
import type { RequirementsByExecutable, SystemRequirements } from '../executable/requirements.ts';
import type { JobId } from '../id/identifier.ts';
import type { JobSpec } from '../job/spec.ts';
import { type Hash, maximumValueBytes } from '../reference/value.ts';

/**
 * Common to run and /job/new (docs/reference/api.md, "Running an executable" and "Subjobs"). Requirements and policies
 * are checked by the plan.
 */
type Request = {
  readonly input: Hash;
  readonly name?: string | undefined;
  readonly tags: readonly string[];
  readonly properties: { readonly [key: string]: string };
  readonly details: unknown;
  readonly dependsOn: readonly string[];
  readonly systemRequirements?: unknown;
  readonly systemRequirementsByExecutable?: unknown;
  readonly headJobOnDemand?: boolean | undefined;
};
export type RunRequest = Request & {
  /** The output folder, normalised. */
  readonly folder: string;
  readonly executionPolicy?: unknown;
  readonly timeoutPolicyByExecutable?: unknown;
  readonly priority?: 'low' | 'normal' | 'high' | undefined;
  readonly delayWorkspaceDestruction?: boolean | undefined;
  readonly ignoreReuse?: boolean | undefined;
  readonly detach?: boolean | undefined;
  /** Fields that are kept and shown, and have no effect yet: `rank`, `costLimit`, `debug`, … */
  readonly shown: Hash;
};
export type NewJobRequest = Request & { readonly function: string };

/** What a plan writes into body `S` beside the fields that the engine reads: for describe, and for the jobs further down. */
export type ExecutionSpec = JobSpec & {
  readonly runSystemRequirements: SystemRequirements;
  readonly runSystemRequirementsByExecutable: RequirementsByExecutable;
  readonly mergedSystemRequirementsByExecutable: RequirementsByExecutable;
  readonly systemRequirements: SystemRequirements;
  readonly executionPolicy: ExecutionPolicy;
  readonly timeoutPolicy: TimeoutPolicy;
  readonly timeoutPolicyByExecutable: { readonly [executable: string]: TimeoutPolicy };
  /** Of the project, when the tree was started: the machine of jobs that ask for none. */
  readonly defaultInstance: string;
  /** The jobs that this one is nested in, outermost first; of a detached job, none. */
  readonly ancestors: readonly JobId[];
  readonly headJobOnDemand: boolean;
  readonly detachedFrom?: JobId;
  readonly detachedFromTry?: number;
  readonly shown: Hash;
};

/**
 * Bytes of JSON that an input may have: a describe shows it three times, beside the output, in an answer of at most 4 MB;
 * the references to 10,000 jobs take 0.8 MB.
 */
export const maximumInputBytes = maximumValueBytes;
/** Bytes of JSON of everything else in a request together. */
export const maximumRestBytes = 262_144;
/** References in one input. */
export const maximumReferenceCount = 20_000;
/** Entries of `dependsOn`. */
export const maximumDependsOnCount = 1_000;
/**
 * How many jobs may be nested in each other, the outermost included. A tree as a whole is meant for 10,000 jobs, which is
 * not enforced: counting them would cost a scan at each call.
 */
export const maximumJobDepth = 16;
