// The request of a job: the immutable body `S`, written once before the job row.

import type { AccessRequest } from '../executable/applet.ts';
import type { ExecutionPolicy, TimeoutPolicy } from '../executable/policy.ts';
import type { RequirementsByExecutable, SystemRequirements } from '../executable/requirements.ts';
import type { CallSpec } from '../execution/call-spec.ts';
import type { Dependency } from '../execution/dependency.ts';
import type { Pin } from '../execution/pin.ts';
import type { ContainerId, JobId, PlaceId } from '../id/identifier.ts';
import type { Specification } from '../iospec/parameter.ts';
import type { DebugReason } from './hold.ts';

/** Body `S`: everything about the call that made a job which the engine, describe and later jobs read. */
export type ExecutionSpec = CallSpec & {
  /** The requirements that the call asked for. */
  readonly runSystemRequirements: SystemRequirements;
  readonly runSystemRequirementsByExecutable: RequirementsByExecutable;
  /** The same, with those of the calls above this one. */
  readonly mergedSystemRequirementsByExecutable: RequirementsByExecutable;
  /** The requirements in effect for this job. */
  readonly systemRequirements: SystemRequirements;
  /** The machine of jobs that ask for none: the project's default when the tree was started. */
  readonly defaultInstance: string;
  readonly executionPolicy: ExecutionPolicy;
  /** Present when subjobs restart by themselves, without their master job. */
  readonly restartableEntryPoints?: 'all';
  readonly timeoutPolicy: TimeoutPolicy;
  readonly timeoutPolicyByExecutable: { readonly [executable: string]: TimeoutPolicy };
  readonly access: AccessRequest;
  /** Present for jobs of an app. */
  readonly app?: AppPart;
  /** Present for master jobs whose executable has one. Subjobs have none. */
  readonly inputSpec?: Specification;
  readonly outputSpec?: Specification;
  /** The result of `dependsOn` and the input. In a fixed order: a wait goes through them from the first. */
  readonly waits: readonly Dependency[];
  /** For master jobs: the objects that go into the workspace beside the links of the resolved input. */
  readonly pins: readonly Pin[];
  /** The place of the input's objects that no pin names. Absent means the project context. */
  readonly inputPlace?: PlaceId;
  readonly ignoreReuse: boolean;
  /** Seconds. Only a root execution has it, if its executable does. */
  readonly treeTurnaroundTimeThreshold?: number;
  readonly headJobOnDemand: boolean;
  /** The reported failures for which the job is held. A run inside a tree that names none takes those of its caller. */
  readonly debugOn?: readonly DebugReason[];
  /** The jobs in which this one is nested, outermost first. A detached job has none. */
  readonly ancestors: readonly JobId[];
  /** The stage of the analysis that the job belongs to. */
  readonly stage?: string;
};

/** What the jobs of an app have beyond those of an applet. They read `resources`, and change `projectCache`. */
type AppPart = {
  /** Without `app-`. */
  readonly name: string;
  readonly version: string;
  readonly resources: ContainerId;
  /** The container of this version in the project of the run. */
  readonly projectCache: ContainerId;
};
