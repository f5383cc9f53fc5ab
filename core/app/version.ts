// One version of an app or of a global workflow: both are published executables, made from an applet or a workflow in each
// region (docs/reference/api.md, "Apps" and "Global workflows"). Types only.

import type { AccessRequest } from '../executable/applet.ts';
import type { AppletId, ContainerId, UserId } from '../id/identifier.ts';
import type { Hash } from '../reference/value.ts';
import type { WorkflowId } from '../workflow/workflow.ts';

/** The classes of published executables. */
export const publishedClasses = ['app', 'globalworkflow'] as const;
export type PublishedClass = (typeof publishedClasses)[number];

/** The applet or workflow of one region, and the container that holds it with everything that it needs. */
export type Edition = { readonly executable: AppletId | WorkflowId; readonly resources: ContainerId };

/** The facts about a version that lists and searches read. Times are in milliseconds since 1970. */
export type VersionFacts = {
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly openSource: boolean;
  readonly billTo: string;
  readonly createdBy: UserId;
  readonly created: number;
  readonly modified: number;
  /** Region → edition. */
  readonly editions: { readonly [region: string]: Edition };
  /** When it was published. Absent before that: only developers see it. */
  readonly published?: number;
  /** It has no aliases and no resources any more. */
  readonly deleted?: true;
  /** Counts the changes. Each is conditional on the one before. */
  readonly revision: number;
  /** Digest of the request that created it. */
  readonly digest: string;
};

/** The other fields. `access` and those after it belong to apps. */
export type VersionBody = {
  readonly summary: string;
  readonly description: string;
  readonly developerNotes: string;
  readonly details: Hash | readonly unknown[];
  readonly dxapi: string;
  readonly access: AccessRequest;
  readonly ignoreReuse?: boolean;
  readonly treeTurnaroundTimeThreshold?: number;
  readonly httpsApp?: Hash;
  readonly lineItemPerTest?: Hash;
};
