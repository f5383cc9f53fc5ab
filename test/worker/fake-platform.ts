// A platform for a worker under test. It answers claim, heartbeat and finish as the test asks, and records what it
// received.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Each file of tests has its own, because workers end every process that names their job. */
const jobId = `job-${randomBytes(12).toString('hex')}`;
export const workerTask = `task-of-this-worker-${randomBytes(4).toString('hex')}`;
export const workerToken = `${jobId}.0.secret-of-this-try`;

export type LogEntry = { readonly l: string; readonly s: string; readonly m: string; readonly n: number };
export type FakeRun = {
  readonly exitCode: number | null;
  readonly finish:
    | { readonly output?: unknown; readonly failure?: { readonly type: string; readonly message: string } }
    | undefined;
  readonly log: LogEntry[];
  readonly stdout: string;
  readonly heartbeats: number;
  readonly claims: number;
  /** The paths of all requests. */
  readonly paths: ReadonlySet<string>;
  readonly reports: number;
};
type Options = {
  readonly code: string;
  readonly interpreter?: string;
  readonly function?: string;
  readonly input?: Record<string, unknown>;
  readonly runSpec?: Record<string, unknown>;
  readonly notes?: readonly string[];
  readonly limits?: {
    readonly heartbeatSeconds?: number;
    readonly logBytes?: number;
    readonly folderBytes?: number;
    readonly cores?: number;
    readonly memoryGib?: number;
  };
  /** Whether the worker may use namespaces. It asks the kernel by default. */
  readonly namespaces?: boolean | undefined;
  /** Why a job gets no `/` of its own. The worker asks the kernel by default. */
  readonly jobRoot?: string;
  /** The user that runs the worker, by number. The present one by default. */
  readonly user?: number | undefined;
  /** A folder of programs that is shared by all jobs. */
  readonly tools?: string;
  /** A folder for installed packages that is kept. */
  readonly overlays?: string;
  /** Variables of the worker beside its own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What the platform has as files, by their ids. */
  readonly files?: Readonly<Record<string, Buffer>>;
  readonly claimStatus?: number;
  /** The answer of the metadata endpoint: a status and a body. */
  readonly metadata?: readonly [status: number, body: unknown];
  readonly debugOn?: readonly string[];
  /** Whether the first report is answered with a hold. `stopWhen` ends it. */
  readonly isHeld?: boolean;
  /** Whether heartbeats are answered with a stop now. */
  readonly stopWhen?: () => boolean;
  readonly stopAfterHeartbeats?: number;
  /** The worker's output is read only after so many heartbeats. `beforeReading` then gets the job's HOME. */
  readonly readAfterHeartbeats?: number;
  readonly beforeReading?: (home: string) => void;
  /** Called when the worker printed this line. */
  readonly onLine?: (entry: LogEntry, worker: ChildProcess, closeLifeline: () => void) => void;
};

type Seen = { finish: FakeRun['finish']; heartbeats: number; claims: number; reports: number; paths: Set<string> };

/** Runs `worker/worker.ts` once against the fake. Its root folder is removed afterwards. */
export async function runFakeJob(options: Options): Promise<FakeRun> {
  const root = mkdtempSync(join(tmpdir(), 'espalier-worker-'));
  const seen: Seen = { finish: undefined, heartbeats: 0, claims: 0, reports: 0, paths: new Set() };
  const { promise: mayRead, resolve: letRead } = Promise.withResolvers<void>();
  const server = await listen(options, seen, () => {
    if (seen.heartbeats < (options.readAfterHeartbeats ?? 0)) return;
    if (seen.heartbeats === options.readAfterHeartbeats) options.beforeReading?.(join(root, 'home', 'dnanexus'));
    letRead();
  });
  if (options.readAfterHeartbeats === undefined) letRead();
  const { port } = server.address() as AddressInfo;
  const own = ['node', 'worker/worker.ts'];
  const { user } = options;
  const [command = '', ...args] = user === undefined ? own : ['setpriv', ...identity(user), ...own];
  if (user !== undefined) chownSync(root, user, user);
  const worker = spawn(command, args, {
    env: {
      PATH: process.env.PATH ?? '',
      ...options.environment,
      AWS_SECRET_ACCESS_KEY: 'must-not-leak',
      ESPALIER_API_URL: `http://127.0.0.1:${port}`,
      ESPALIER_JOB: jobId,
      ESPALIER_TRY: '0',
      ESPALIER_LAUNCH: '0',
      ESPALIER_NONCE: 'nonce-must-not-leak',
      ESPALIER_ROOT: root,
      ESPALIER_LIFELINE_FD: '3',
      ESPALIER_TASK_ID: workerTask,
      ESPALIER_JOB_ROOT: options.jobRoot,
      ESPALIER_TOOLS: options.tools,
      ESPALIER_OVERLAYS: options.overlays,
      ESPALIER_NAMESPACES: options.namespaces === undefined ? undefined : options.namespaces ? 'yes' : 'no',
      ECS_CONTAINER_METADATA_URI_V4: `http://127.0.0.1:${port}/metadata`,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  await mayRead;
  const stdout = await readLines(worker, options);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(root, { recursive: true, force: true });
  const log = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as LogEntry);
  return { exitCode: worker.exitCode, log, stdout, ...seen };
}

/** The options of setpriv for an ordinary user. */
export function identity(user: number): string[] {
  return ['--reuid', String(user), '--regid', String(user), '--clear-groups'];
}

async function readLines(worker: ChildProcess, options: Options): Promise<string> {
  const closeLifeline = () => (worker.stdio[3] as { destroy(): void }).destroy();
  const all: string[] = [];
  for await (const line of createInterface({ input: worker.stdout as NodeJS.ReadableStream })) {
    all.push(`${line}\n`);
    options.onLine?.(JSON.parse(line) as LogEntry, worker, closeLifeline);
  }
  if (worker.exitCode === null && worker.signalCode === null) await once(worker, 'exit');
  return all.join('');
}

async function listen(options: Options, seen: Seen, onHeartbeat: () => void): Promise<Server> {
  const reply = (path: string, body: Record<string, unknown>): readonly [number, unknown] => {
    seen.paths.add(path);
    if (path === '/metadata/task') {
      return options.metadata ?? [200, { TaskARN: `arn:aws:ecs:us-east-1:000000000000:task/local/${workerTask}` }];
    }
    if (path === '/_worker/claim') {
      seen.claims += 1;
      return claimReply(options);
    }
    if (path === '/_worker/heartbeat') {
      seen.heartbeats += 1;
      onHeartbeat();
      const stop =
        options.stopWhen?.() === true || seen.heartbeats >= (options.stopAfterHeartbeats ?? Number.POSITIVE_INFINITY);
      return [200, stop ? { stop: { reason: 'Terminated', message: 'terminated by user-alice' } } : {}];
    }
    if (path === '/_worker/finish') {
      seen.finish = body;
      seen.reports += 1;
      return [200, options.isHeld && seen.reports === 1 ? { state: 'debug_hold', heldUntil: 1e12 } : { state: 'done' }];
    }
    return [404, { error: { type: 'ResourceNotFound', message: path } }];
  };
  const server = createServer(async (request, response) => {
    const file = options.files?.[request.url?.split('/')[1] ?? ''];
    if (file && request.method === 'GET') return response.end(file);
    if (file) return response.end(JSON.stringify({ url: `http://${request.headers.host}${request.url}`, headers: {} }));
    let text = '';
    for await (const chunk of request) text += chunk;
    const [status, body] = reply(request.url ?? '', text ? JSON.parse(text) : {});
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const usualLimits = {
  ...{ heartbeatSeconds: 3600, logBytes: 1e8, folderBytes: 1e9, messageCharacters: 100 },
  ...{ cores: availableParallelism(), memoryGib: 0.1 },
};

function claimReply(options: Options): [number, unknown] {
  if (options.claimStatus) return [options.claimStatus, { error: { type: 'InvalidState', message: 'claimed' } }];
  const claim = {
    token: workerToken,
    job: jobId,
    try: 0,
    function: options.function ?? 'main',
    workspace: 'container-0123456789BFGJKPQVXYZb00',
    project: 'project-0123456789BFGJKPQVXYZb00',
    input: options.input ?? {},
    jobDescribe: { id: jobId },
    executableDescribe: {},
    runSpec: { interpreter: options.interpreter ?? 'bash', code: options.code, ...options.runSpec },
    notes: options.notes ?? [],
    debugOn: options.debugOn ?? [],
    limits: { ...usualLimits, ...options.limits },
  };
  return [200, claim];
}
