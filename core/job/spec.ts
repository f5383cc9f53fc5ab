// What a job was asked to do: the immutable body `S`, written once before the job row.

import type { JobId, ObjectId, PlaceId } from '../id/identifier.ts';
import type { Specification } from '../iospec/parameter.ts';
import type { Hash } from '../reference/value.ts';

/** What must be ready before a job can run: a job must be done, an object closed with the hidden ones it links to. */
export type Dependency =
  | { readonly kind: 'job'; readonly job: JobId; readonly field?: string; readonly index?: number }
  | { readonly kind: 'object'; readonly object: ObjectId };

/** A data object to clone into a new workspace, and where to look for it first. */
export type Pin = { readonly object: ObjectId; readonly project?: PlaceId };

/** Body `S`. What only describe shows may be added under further names. */
export type JobSpec = {
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
  readonly systemRequirements: Hash;
  readonly executionPolicy: Hash;
  readonly access: Hash;
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
  readonly [field: string]: unknown;
};
