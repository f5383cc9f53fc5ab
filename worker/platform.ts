// The platform as a worker sees it: three calls and the bytes of a file, over HTTP.

import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { ask, type Question, readText } from './http.ts';

/** The answer to a claim (api/ops/worker/claim.ts): everything that a worker needs to run the job. */
export type Claim = {
  readonly token: string;
  readonly job: string;
  readonly try: number;
  readonly function: string;
  readonly workspace: string;
  readonly project: string;
  /** The two containers of the job's app. Absent for the jobs of an applet. */
  readonly resources?: string;
  readonly projectCache?: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly jobDescribe: Readonly<Record<string, unknown>>;
  readonly executableDescribe: Readonly<Record<string, unknown>>;
  readonly runSpec: RunSpec;
  /** The failures for which the platform may hold the job. */
  readonly debugOn: readonly string[];
  /** Sentences about the job that its log begins with. */
  readonly notes: readonly string[];
  readonly limits: {
    readonly heartbeatSeconds: number;
    readonly logBytes: number;
    readonly folderBytes: number;
    readonly cores: number;
    readonly memoryGib: number;
    /** The length at which the message of a failure is cut. */
    readonly messageCharacters: number;
  };
  readonly stop?: Stop;
};
export type Dependency = {
  readonly name: string;
  readonly version?: string;
  readonly package_manager?: string;
  readonly stages?: readonly string[];
  /** These are for git: the address, the branch, tag or commit, the folder to clone into, and what to run in the clone. */
  readonly url?: string;
  readonly tag?: string;
  readonly destdir?: string;
  readonly build_commands?: string;
};
export type Bundle = { readonly name: string; readonly id: unknown; readonly stages?: readonly string[] };
export type RunSpec = {
  readonly interpreter: string;
  readonly code: string;
  readonly distribution?: string;
  readonly release?: string;
  readonly execDepends?: readonly Dependency[];
  /** An older name of the same. */
  readonly dependencies?: readonly Dependency[];
  readonly bundledDepends?: readonly Bundle[];
};
export type Stop = { readonly reason: string; readonly message: string };
/** The answer to a report. `heldUntil` is there when the job is held, in milliseconds since 1970. */
export type Reported = { readonly state: string; readonly heldUntil?: number };
export type Failure = { readonly type: string; readonly message: string };

/** The platform refused, and would refuse again. `status` is the HTTP status, `type` the error's name. */
export class PlatformRefusal extends Error {
  readonly status: number;
  readonly type: string;
  constructor(status: number, type: string, message: string) {
    super(`${type}: ${message}`);
    this.status = status;
    this.type = type;
  }
}

/**
 * A lost connection, a server that is overloaded or broken, or an answer that is not the platform's. Each is worth
 * another try.
 */
class NoAnswer extends Error {}

export type Platform = {
  claim(body: Record<string, unknown>): Promise<Claim>;
  heartbeat(token: string): Promise<{ stop?: Stop }>;
  /** Repeated for an hour, until the platform accepts or refuses the result. It ends earlier when `over` is aborted. */
  finish(token: string, result: Result, over: AbortSignal): Promise<Reported>;
  /** The bytes of a closed file. The stream ends early when `over` is aborted. */
  openFile(token: string, fileId: string, project: string, over: AbortSignal): Promise<IncomingMessage>;
};
type Result = { readonly output: unknown } | { readonly failure: Failure };

export type Clock = { now(): number; pause(durationMs: number, over?: AbortSignal): Promise<void> };

/**
 * Calls are repeated on lost connections, 408, 429 and 5xx, with growing pauses, 8 times by default. Every call is
 * idempotent.
 * @throws PlatformRefusal when the platform refused; any other Error when there was no answer
 */
export function createPlatform(apiUrl: string, clock: Clock = realClock): Platform {
  const call = async (
    path: string,
    token: string | undefined,
    body: unknown,
    more: Patience = {},
  ): Promise<unknown> => {
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const { answerLimitMs } = more;
    const question = { method: 'POST', headers, body: JSON.stringify(body), answerLimitMs } as const;
    return patiently(clock, more, async () => readReply(await askOnce(`${apiUrl}${path}`, question)));
  };
  return {
    claim: (body) => call('/_worker/claim', undefined, body) as Promise<Claim>,
    heartbeat: (token) =>
      call('/_worker/heartbeat', token, {}, { answerLimitMs: heartbeatLimitMs }) as Promise<{ stop?: Stop }>,
    finish(token, result, over) {
      const until = clock.now() + finishLimitMs;
      return call('/_worker/finish', token, result, { until, over }) as Promise<Reported>;
    },
    async openFile(token, fileId, project, over) {
      const download = async (hint: Record<string, unknown>) =>
        (await call(`/${fileId}/download`, token, { preauthenticated: false, ...hint }, { over })) as {
          url: string;
          headers: Record<string, string>;
        };
      const grant = await download({ project }).catch((error: unknown) => {
        if (error instanceof PlatformRefusal && error.status === 404) return download({});
        throw error;
      });
      const question = { method: 'GET', headers: grant.headers, over } as const;
      const answer = await patiently(clock, { over }, () => askOnce(grant.url, question));
      if (answer.statusCode !== 200)
        throw new Error(`the download of ${fileId} was answered with status ${answer.statusCode}`);
      return answer;
    },
  };
}

type Patience = {
  /** Repeats until this time, instead of a number of attempts. */
  readonly until?: number;
  /** Aborted when the answer is not needed any more: the present attempt is then the last. */
  readonly over?: AbortSignal;
  readonly answerLimitMs?: number;
};

async function patiently<T>(clock: Clock, { until, over }: Patience, attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      const isLast = until === undefined ? attempts >= attemptLimit : clock.now() >= until;
      if (!(error instanceof NoAnswer) || isLast || over?.aborted) throw error;
    }
    await clock.pause(Math.min(pauseLimitMs, 100 * 2 ** attempts) * (0.5 + Math.random()), over);
    if (over?.aborted) throw new NoAnswer('the answer is not needed any more');
  }
}

async function askOnce(url: string, question: Question): Promise<IncomingMessage> {
  const { origin } = new URL(url);
  const answer = await ask(url, question).catch((cause: unknown) => {
    throw new NoAnswer(`the platform at ${origin} is not reachable`, { cause });
  });
  const status = answer.statusCode ?? 0;
  if (status < 500 && status !== 429 && status !== 408) return answer;
  answer.resume();
  throw new NoAnswer(`the platform at ${origin} answers ${status}`);
}

/** Proxies between us and the platform may answer too: only an error with a type, or a size refused, is a refusal. */
async function readReply(answer: IncomingMessage): Promise<unknown> {
  const status = answer.statusCode ?? 0;
  let reply: { readonly error?: { readonly type?: unknown; readonly message?: unknown } } | undefined;
  try {
    reply = JSON.parse(await readText(answer));
  } catch (cause) {
    if (status !== 413)
      throw new NoAnswer(`the platform's answer of status ${status} is truncated or not JSON`, { cause });
  }
  if (status < 300) return reply;
  const { type, message = '' } = reply?.error ?? {};
  if (typeof type !== 'string' && status !== 413)
    throw new NoAnswer(`something between here and the platform answers with status ${status}`);
  throw new PlatformRefusal(status, String(type ?? 'UnknownError'), String(message));
}

const attemptLimit = 8;
/** Longest pause between two attempts, before chance changes it by up to a half. */
const pauseLimitMs = 30_000;
/** The next heartbeat waits for the answer to this one while the lease runs, so this must be shorter than any lease. */
const heartbeatLimitMs = 10_000;
/** How long a result is offered: several leases, because the platform may be away as long as its leases last. */
const finishLimitMs = 60 * 60_000;

const realClock: Clock = {
  now: Date.now,
  // An aborted pause ends early. The caller checks for the reason itself.
  pause: (durationMs, over) => pause(durationMs, undefined, over ? { signal: over } : {}).catch(() => undefined),
};
