// The part of a specification that says what a call asked for. Jobs and analyses have it in common.

import type { JobId } from '../id/identifier.ts';
import type { Hash } from '../reference/value.ts';

export type CallSpec = {
  /** The input as given. */
  readonly runInput: Hash;
  /** The input with defaults, references unresolved. That of an analysis names its fields `<stage>.<field>`. */
  readonly originalInput: Hash;
  readonly name: string;
  /** The folder for outputs, in the project context. Stages of an analysis may have folders of their own. */
  readonly folder: string;
  readonly tags: readonly string[];
  readonly properties: { readonly [key: string]: string };
  readonly details: unknown;
  /** As given. */
  readonly dependsOn: readonly string[];
  readonly executableName: string;
  /** The priority that the call asked for. The row holds the one that a try runs with. */
  readonly priority: 'low' | 'normal' | 'high';
  readonly delayWorkspaceDestruction: boolean;
  /** The job that started a detached tree, and its try at that time. */
  readonly detachedFrom?: JobId;
  readonly detachedFromTry?: number;
  /** Fields of the call that describe shows, such as `rank`. They have no effect (core/job/without-effect.ts). */
  readonly shown: Hash;
};
