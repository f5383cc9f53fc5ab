// The platform as a worker sees it: three calls and a file's bytes, over HTTP. Knows nothing of processes and folders.
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { ask, type Question, readText } from './http.ts';

const ATTEMPT_LIMIT = 8;
/** Longest pause between two attempts, before chance makes it half as long or half as long again. */
const PAUSE_LIMIT_MS = 30_000;
/** The next heartbeat waits for this one's answer, and the lease runs: shorter than any lease. */
const HEARTBEAT_LIMIT_MS = 10_000;
/** How long a result is offered: several leases, since the platform may be away as long as its leases. */
const FINISH_LIMIT_MS = 60 * 60_000;

/** What a claim answers (engine/job/claim.ts): all that a worker needs to run the job. */
export type Claim = {
  readonly token: string;
  readonly job: string;
  readonly try: number;
  readonly function: string;
  readonly workspace: string;
  readonly project: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly jobDescribe: Readonly<Record<string, unknown>>;
  readonly executableDescribe: Readonly<Record<string, unknown>>;
  readonly runSpec: RunSpec;
  readonly limits: {
    readonly heartbeatSeconds: number;
    readonly logBytes: number;
    readonly folderBytes: number;
    /** Of a failure's message. */
    readonly messageCharacters: number;
  };
  readonly stop?: Stop;
};
export type Dependency = {
  readonly name: string;
  readonly version?: string;
  readonly package_manager?: string;
  readonly stages?: readonly string[];
};
export type Bundle = { readonly name: string; readonly id: unknown; readonly stages?: readonly string[] };
export type RunSpec = {
  readonly interpreter: string;
  readonly code: string;
  readonly distribution?: string;
  readonly release?: string;
  readonly execDepends?: readonly Dependency[];
  readonly bundledDepends?: readonly Bundle[];
};
export type Stop = { readonly reason: string; readonly message: string };
export type Failure = { readonly type: string; readonly message: string };

/** The platform said no, and will say so again. `status` is the HTTP status, `type` the error's name. */
export class PlatformRefusal extends Error {
  readonly status: number;
  readonly type: string;
  constructor(status: number, type: string, message: string) {
    super(`${type}: ${message}`);
    this.status = status;
    this.type = type;
  }
}

/** A lost connection, a server that is overloaded or broken, words that are not the platform's: all worth another try. */
class NoAnswer extends Error {}

export type Platform = {
  claim(body: Record<string, unknown>): Promise<Claim>;
  heartbeat(token: string): Promise<{ stop?: Stop }>;
  /** Repeated until the platform takes or refuses it, an hour long; less when `over` is aborted. */
  finish(token: string, result: Result, over: AbortSignal): Promise<{ state: string }>;
  /** The bytes of a closed file; no more of them come when `over` is aborted. */
  openFile(token: string, fileId: string, project: string, over: AbortSignal): Promise<IncomingMessage>;
};
type Result = { readonly output: unknown } | { readonly failure: Failure };

export type Clock = { now(): number; pause(durationMs: number, over?: AbortSignal): Promise<void> };
const realClock: Clock = {
  now: Date.now,
  // Aborted, it is over sooner: who waits sees for itself why.
  pause: (durationMs, over) => pause(durationMs, undefined, over ? { signal: over } : {}).catch(() => undefined),
};

/**
 * Calls are repeated on lost connections, 408, 429 and 5xx, with growing pauses, 8 times where nothing else is said;
 * every one is idempotent.
 * @throws PlatformRefusal when the platform said no; any other Error when there was no answer
 */
export function createPlatform(apiUrl: string, clock: Clock = realClock): Platform {
  const call = async (
    path: string,
    token: string | undefined,
    body: unknown,
    more: Patience = {},
  ): Promise<unknown> => {
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const limit = more.answerLimitMs === undefined ? {} : { answerLimitMs: more.answerLimitMs };
    const question = { method: 'POST', headers, body: JSON.stringify(body), ...limit } as const;
    return patiently(clock, more, async () => readReply(await askOnce(`${apiUrl}${path}`, question)));
  };
  return {
    claim: (body) => call('/_worker/claim', undefined, body) as Promise<Claim>,
    heartbeat: (token) =>
      call('/_worker/heartbeat', token, {}, { answerLimitMs: HEARTBEAT_LIMIT_MS }) as Promise<{ stop?: Stop }>,
    finish(token, result, over) {
      const until = clock.now() + FINISH_LIMIT_MS;
      return call('/_worker/finish', token, result, { until, over }) as Promise<{ state: string }>;
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
      if (answer.statusCode !== 200) throw new Error(`${fileId} answered ${answer.statusCode} to its download`);
      return answer;
    },
  };
}

type Patience = {
  /** Instead of a number of attempts: until this time. */
  readonly until?: number;
  /** Whom the answer is for has gone: the present attempt is the last. */
  readonly over?: AbortSignal;
  readonly answerLimitMs?: number;
};

async function patiently<T>(clock: Clock, { until, over }: Patience, attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      const isLast = until === undefined ? attempts >= ATTEMPT_LIMIT : clock.now() >= until;
      if (!(error instanceof NoAnswer) || isLast || over?.aborted) throw error;
    }
    await clock.pause(Math.min(PAUSE_LIMIT_MS, 100 * 2 ** attempts) * (0.5 + Math.random()), over);
    if (over?.aborted) throw new NoAnswer('there is nobody left to wait for an answer');
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

/** What stands between us and the platform may answer too: only an error with a type, or a size refused, is a refusal. */
async function readReply(answer: IncomingMessage): Promise<unknown> {
  const status = answer.statusCode ?? 0;
  let reply: { readonly error?: { readonly type?: unknown; readonly message?: unknown } } | undefined;
  try {
    reply = JSON.parse(await readText(answer));
  } catch (cause) {
    if (status !== 413) throw new NoAnswer(`the platform's answer of status ${status} is cut or not JSON`, { cause });
  }
  if (status < 300) return reply;
  const { type, message = '' } = reply?.error ?? {};
  if (typeof type !== 'string' && status !== 413) throw new NoAnswer(`something answers ${status} for the platform`);
  throw new PlatformRefusal(status, String(type ?? 'UnknownError'), String(message));
}
