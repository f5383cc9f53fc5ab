// The platform as a worker sees it: three calls and a file's bytes, over HTTP. Knows nothing of processes and folders.
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { ask, type Question, readText } from './http.ts';

const ATTEMPT_LIMIT = 8;

/** What a claim answers (engine/claim.ts): all that a worker needs to run the job. */
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
  readonly limits: { readonly heartbeatSeconds: number; readonly logBytes: number; readonly folderBytes: number };
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

/** The platform said no. `status` is the HTTP status, `type` the error's name. */
export class PlatformRefusal extends Error {
  readonly status: number;
  readonly type: string;
  constructor(status: number, type: string, message: string) {
    super(`${type}: ${message}`);
    this.status = status;
    this.type = type;
  }
}

export type Platform = {
  claim(body: Record<string, unknown>): Promise<Claim>;
  heartbeat(token: string): Promise<{ stop?: Stop }>;
  finish(token: string, result: { output: unknown } | { failure: Failure }): Promise<{ state: string }>;
  /** The bytes of a closed file. */
  openFile(token: string, fileId: string, project: string): Promise<IncomingMessage>;
};

/** Calls are repeated on lost connections, 429 and 5xx, up to 8 times with growing pauses; every one is idempotent. */
export function createPlatform(apiUrl: string): Platform {
  const call = async (path: string, token: string | undefined, body: unknown): Promise<unknown> => {
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const answer = await askPatiently(`${apiUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const status = answer.statusCode ?? 0;
    const reply = JSON.parse(await readText(answer)) as { error?: { type: string; message: string } };
    if (status >= 300) {
      throw new PlatformRefusal(status, reply.error?.type ?? 'UnknownError', reply.error?.message ?? '');
    }
    return reply;
  };
  return {
    claim: (body) => call('/_worker/claim', undefined, body) as Promise<Claim>,
    heartbeat: (token) => call('/_worker/heartbeat', token, {}) as Promise<{ stop?: Stop }>,
    finish: (token, result) => call('/_worker/finish', token, result) as Promise<{ state: string }>,
    async openFile(token, fileId, project) {
      const download = async (hint: Record<string, unknown>) =>
        (await call(`/${fileId}/download`, token, { preauthenticated: false, ...hint })) as {
          url: string;
          headers: Record<string, string>;
        };
      const grant = await download({ project }).catch((error: unknown) => {
        if (error instanceof PlatformRefusal && error.status === 404) return download({});
        throw error;
      });
      const answer = await askPatiently(grant.url, { method: 'GET', headers: grant.headers });
      if (answer.statusCode !== 200) throw new Error(`${fileId} answered ${answer.statusCode} to its download`);
      return answer;
    },
  };
}

async function askPatiently(url: string, question: Question): Promise<IncomingMessage> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await ask(url, question);
      const status = answer.statusCode ?? 0;
      if ((status < 500 && status !== 429) || attempt >= ATTEMPT_LIMIT) return answer;
      answer.resume();
    } catch (error) {
      if (attempt >= ATTEMPT_LIMIT)
        throw new Error(`the platform at ${new URL(url).origin} is not reachable`, { cause: error });
    }
    await pause(Math.min(30_000, 100 * 2 ** attempt) * (0.5 + Math.random()));
  }
}
