// The platform as a worker sees it: three calls and a file's bytes, over HTTP. Knows nothing of processes and folders.

const ATTEMPT_LIMIT = 8;
const REQUEST_TIMEOUT_MS = 60_000;

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
  openFile(token: string, fileId: string, project: string): Promise<ReadableStream<Uint8Array>>;
};

/** Calls are repeated on lost connections, 429 and 5xx, up to 8 times with growing pauses; every one is idempotent. */
export function createPlatform(apiUrl: string): Platform {
  const call = async (path: string, token: string | undefined, body: unknown): Promise<unknown> => {
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const response = await fetchPatiently(`${apiUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const reply = (await response.json()) as { error?: { type: string; message: string } };
    if (!response.ok) {
      throw new PlatformRefusal(response.status, reply.error?.type ?? 'UnknownError', reply.error?.message ?? '');
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
      const response = await fetchPatiently(grant.url, { headers: grant.headers });
      if (!response.ok || !response.body) throw new Error(`${fileId} answered ${response.status} to its download`);
      return response.body as ReadableStream<Uint8Array>;
    },
  };
}

async function fetchPatiently(url: string, request: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(url, { ...request, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
      const transient = response.status >= 500 || response.status === 429;
      if (!transient || attempt >= ATTEMPT_LIMIT) return response;
      await response.body?.cancel();
    } catch (error) {
      if (attempt >= ATTEMPT_LIMIT)
        throw new Error(`the platform at ${new URL(url).origin} is not reachable`, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(30_000, 100 * 2 ** attempt) * (0.5 + Math.random())));
  }
}
