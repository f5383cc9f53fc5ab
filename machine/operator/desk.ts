// Answers the requests that the owner of the data folder sends through the control socket.

import { userInfo } from 'node:os';
import type {
  AnswerTo,
  ExecutionCounts,
  OperatorAction,
  OperatorActions,
  OperatorRequest,
  UserAnswer,
} from '../../core/operator/request.ts';

/** The parts of a running platform that the desk needs, whichever runtime it is. */
export type OperatedPlatform = {
  readonly url: string;
  readonly counts: ReadonlyMap<string, number>;
  readonly folder: { firstUser(): string | undefined };
  readonly operator: { ask<Request extends OperatorRequest>(request: Request): Promise<AnswerTo<Request>> };
};
/** The process of a platform, as its commands see it. */
export type DeskOptions = {
  readonly facts: PlatformFacts;
  /** Ends the platform. */
  stop(): void;
};
export type PlatformFacts = {
  readonly runtime: 'embedded' | 'deployed';
  readonly workers: number;
  readonly processId: number;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
};

/** A request to the platform itself, or one to its engine, in which the first user need not be named. */
export type DeskRequest =
  | { readonly action: 'counts' | 'status' | 'stop' }
  | {
      [Action in OperatorAction]: { readonly action: Action } & Unnamed<OperatorActions[Action]['request']>;
    }[OperatorAction];
type Unnamed<Request> = Omit<Request, 'name'> & { readonly name?: string | undefined };

/** The answer to a token: everything that `dx` needs. */
export type Session = UserAnswer & { readonly url: string };
export type Status = PlatformFacts & { readonly url: string; readonly executions: ExecutionCounts };
export type DeskAnswer<Request extends DeskRequest> = Request extends { readonly action: infer Action }
  ? Action extends OperatorAction
    ? OperatorActions[Action]['answer'] & { readonly url: string }
    : Action extends 'status'
      ? Status
      : Action extends 'stop'
        ? PlatformFacts
        : Readonly<Record<string, number>>
  : never;
export type DeskRefusal = { readonly refusal: string };

/** Refusals are returned as `{ refusal }`. */
export async function answerOperator(
  platform: OperatedPlatform,
  { facts, stop }: DeskOptions,
  given: unknown,
): Promise<object> {
  const request = given as DeskRequest;
  try {
    switch (request.action) {
      case 'counts':
        return Object.fromEntries(platform.counts);
      case 'status':
        return { ...facts, url: platform.url, executions: await platform.operator.ask({ action: 'countExecutions' }) };
      case 'stop':
        // The answer leaves first.
        setImmediate(stop);
        return facts;
      default: {
        if (!operatorActions[request.action]) return { refusal: `There is no action "${String(request.action)}".` };
        const name = request.name ?? platform.folder.firstUser() ?? firstUserName(process.env);
        const answer = await platform.operator.ask({ ...request, name } as OperatorRequest);
        return { url: platform.url, ...answer };
      }
    }
  } catch (error) {
    return { refusal: (error as Error).message };
  }
}

/** The first user has the name of the machine's user, as far as that is a valid name here. */
export function firstUserName(environment: Readonly<NodeJS.ProcessEnv>): string {
  const name = (environment.USER || nameOfAccount()).toLowerCase().replace(/[^a-z0-9._-]/g, '');
  return /^[a-z0-9]/.test(name) ? name.slice(0, 64) : 'user';
}

function nameOfAccount(): string {
  try {
    return userInfo().username;
  } catch {
    // The account has no entry, as in many containers.
    return 'user';
  }
}

const operatorActions: { readonly [Action in OperatorAction]: true } = {
  addUser: true,
  listUsers: true,
  removeUser: true,
  setPassword: true,
  issueToken: true,
  listTokens: true,
  revokeToken: true,
  enter: true,
  countExecutions: true,
};
