// The requests of run and /job/new once their shape has been checked, and their size limits. Types and limits only.

import { type Hash, maximumValueBytes } from '../reference/value.ts';

/**
 * Common to run and /job/new (docs/reference/api.md, "Running an executable" and "Subjobs"). Requirements and policies
 * are checked by the plan.
 */
export type ExecutionRequest = {
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
export type RunRequest = ExecutionRequest & {
  /** The project of the run. Absent: that of the calling job. */
  readonly project?: string | undefined;
  /** The output folder. */
  readonly folder: string;
  readonly executionPolicy?: unknown;
  readonly timeoutPolicyByExecutable?: unknown;
  readonly priority?: 'low' | 'normal' | 'high' | undefined;
  readonly delayWorkspaceDestruction?: boolean | undefined;
  readonly ignoreReuse?: boolean | undefined;
  readonly detach?: boolean | undefined;
  readonly debug?: unknown;
  readonly allowSSH?: readonly string[] | null | undefined;
  /** Fields that describe shows, such as `rank`. They have no effect (core/job/without-effect.ts). */
  readonly shown: Hash;
};
export type NewJobRequest = ExecutionRequest & { readonly function: string };

/**
 * Bytes of JSON of an input. A describe shows it three times, beside the output, in an answer of at most 4 MB. The
 * references to 10,000 jobs take 0.8 MB.
 */
export const maximumInputBytes = maximumValueBytes;
/** Bytes of JSON of everything else in a request together. */
export const maximumRestBytes = 262_144;
/** References in one input. */
export const maximumReferenceCount = 20_000;
/** Entries of `dependsOn`. */
export const maximumDependsOnCount = 1_000;
/**
 * How many jobs may be nested in each other, the outermost included. A tree as a whole is meant for 10,000 jobs. That
 * is not enforced, because counting them would cost a scan at each call.
 */
export const maximumJobDepth = 16;
