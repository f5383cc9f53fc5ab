// The parts of an applet apart from its metadata: its specifications, its code and how to run it. Types only.

import type { Level } from '../access/level.ts';
import type { FileId, ObjectId } from '../id/identifier.ts';
import type { Specification } from '../iospec/parameter.ts';
import type { Hash } from '../reference/value.ts';
import type { ExecutionPolicy, TimeoutPolicy } from './policy.ts';
import type { SystemRequirements } from './requirements.ts';

/** Those that workers have. */
export const runnableInterpreters = ['bash', 'python3'] as const;
/** Executables of others may still need these. They are kept, and their runs are refused. */
const retiredInterpreters = ['python2.7', 'python3.5'] as const;
export const interpreters = [...runnableInterpreters, ...retiredInterpreters] as const;
type Interpreter = (typeof interpreters)[number];

/**
 * A file (or another object that must travel along) of an executable. The worker unpacks files before it runs the code.
 */
type BundledDepend = {
  readonly name: string;
  readonly id: { readonly $dnanexus_link: FileId | ObjectId };
  /** The entry points that need it. Absent means all. */
  readonly stages?: readonly string[];
};

/**
 * Every field is as the applet's author gave it. Functions of policy.ts compute the effective policies and time limits.
 */
export type RunSpec = {
  readonly interpreter: Interpreter;
  readonly code: string;
  readonly distribution?: string;
  readonly release?: string;
  readonly version?: string;
  readonly execDepends?: readonly Hash[];
  readonly dependencies?: readonly Hash[];
  readonly bundledDepends?: readonly BundledDepend[];
  readonly assetDepends?: readonly Hash[];
  readonly systemRequirements?: SystemRequirements;
  readonly executionPolicy?: ExecutionPolicy;
  readonly timeoutPolicy?: TimeoutPolicy;
  readonly restartableEntryPoints?: 'all' | 'master';
  readonly inheritParentRestartOnPolicy?: boolean;
  readonly headJobOnDemand?: boolean;
};

/**
 * The access that an executable asks for. It never gets more than the launching user has (docs/reference/api.md,
 * "Access of an executable").
 */
export type AccessRequest = {
  readonly network?: readonly string[];
  readonly project?: Level;
  readonly allProjects?: Level;
  readonly developer?: boolean;
  readonly projectCreation?: boolean;
};

/** The immutable part of an applet. Absent specifications mean "any input" and "any output". */
export type AppletSpec = {
  readonly inputSpec?: Specification;
  readonly outputSpec?: Specification;
  readonly runSpec: RunSpec;
  readonly dxapi: string;
  readonly access: AccessRequest;
  readonly title: string;
  readonly summary: string;
  readonly description: string;
  readonly developerNotes: string;
  readonly ignoreReuse: boolean;
  readonly treeTurnaroundTimeThreshold?: number;
  readonly httpsApp?: Hash;
  /** The regions of its `regionalOptions`. It runs in these only. Absent means all. */
  readonly regions?: readonly string[];
};
