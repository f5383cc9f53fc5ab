// A platform on this machine, whichever runtime it is. Types only.

import type { AnswerTo, OperatorRequest } from '../core/operator/request.ts';
import type { DataFolder } from './data-folder.ts';

export type PlatformOptions = {
  readonly dataFolder: string;
  /** The port for clients. 0 means any free port. */
  readonly port: number;
  /** The number of jobs that may run at once. */
  readonly workers: number;
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  /** Called with faults of the platform itself, which do not belong to a request. */
  report(what: string, fault: unknown): void;
  /** Called with a line that says why a first start takes long. */
  say(line: string): void;
};

export type Operator = {
  /** @throws StartRefusal with a message for the user, for example when the name is taken. */
  ask<Request extends OperatorRequest>(request: Request): Promise<AnswerTo<Request>>;
};

export type Platform = {
  /** `http://127.0.0.1:<port>`: the API for clients. */
  readonly url: string;
  readonly operator: Operator;
  readonly folder: DataFolder;
  /** Resolves with the reason when the platform cannot go on. */
  readonly lost: Promise<string>;
  /** How often each thing was done since the start, by name. */
  readonly counts: ReadonlyMap<string, number>;
  /** Ends everything that was started, in reverse order. Running jobs are ended, and the next start resumes them. */
  close(): Promise<void>;
};
