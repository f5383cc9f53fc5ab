// The whole platform in one process, on one data folder: the same API and engine as on AWS, over one SQLite file.
// `start` is the recipe.

import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { apiRoutes, newJobRoutes, runRoutes, workerRoutes } from '../api/routes.ts';
import { isRegion, regionForm } from '../core/container/region.ts';
import type { Context } from '../core/context.ts';
import type { AnswerTo, OperatorRequest } from '../core/operator/request.ts';
import { finalise } from '../engine/finalise.ts';
import { operate } from '../engine/operator/operate.ts';
import { doWork } from '../engine/work.ts';
import { type DataFolder, openDataFolder } from '../machine/data-folder.ts';
import { closeServer, listenOn } from '../machine/listener.ts';
import type { Operator, Platform, PlatformOptions } from '../machine/platform.ts';
import { programFile } from '../machine/program-file.ts';
import { preparePythonEnvironment } from '../machine/python-environment.ts';
import { StartRefusal } from '../machine/start-refusal.ts';
import { type Steps, undoneOnFailure } from '../machine/step.ts';
import { workerVariables } from '../machine/worker-variable.ts';
import { removeFolder } from '../worker/remove-folder.ts';
import { createDigests } from './content/digest.ts';
import { createFileStore } from './content/file-store.ts';
import { createContentLinks } from './content/link.ts';
import { serveContent } from './content/serve-content.ts';
import { createBodies } from './database/bodies.ts';
import { type Database, type Durability, openDatabase } from './database/database.ts';
import { listIdentities } from './database/identity-list.ts';
import { createLogStore } from './database/log-store.ts';
import { createRows } from './database/rows.ts';
import { createApiServer } from './http/api-server.ts';
import { serveLogSockets } from './http/log-socket.ts';
import { createWorkQueue } from './queue/work-queue.ts';
import { createChangeStream } from './stream/change-stream.ts';
import { startRounds } from './stream/rounds.ts';
import { askAs, claimFor } from './worker/call.ts';
import { createProcessMarks, type ProcessMarks } from './worker/process-mark.ts';
import { createWorkers, type OwnWorkers } from './worker/workers.ts';

export type EmbeddedOptions = PlatformOptions & {
  readonly durability: Durability;
  /** The region of new projects that name none. */
  readonly region: string;
};

/** Resolves when the platform serves. @throws StartRefusal when something is missing, taken or not supported. */
export function startEmbedded(options: EmbeddedOptions): Promise<Platform> {
  return undoneOnFailure((steps) => start(options, steps));
}

async function start(options: EmbeddedOptions, steps: Steps): Promise<Platform> {
  const { report, region } = options;
  if (!isRegion(region)) throw new StartRefusal(`--region must ${regionForm}, not "${region}".`);
  const { promise: lost, resolve: onLost } = Promise.withResolvers<string>();
  const folder = openDataFolder(options.dataFolder, 'embedded');
  steps.add(async () => folder.close());
  const database = openDatabase(folder.file('rows'), options.durability, (fault) =>
    onLost(`The file ${folder.file('rows')} can be written no more: ${(fault as Error).message}.`),
  );
  steps.add(() => database.close());
  const counts = new Map<string, number>();
  const count = (what: string) => void counts.set(what, (counts.get(what) ?? 0) + 1);
  const { bin } = await preparePythonEnvironment(options.environment, options.say);
  // Workers of an earlier platform are ended before anything can start new ones.
  const marks = createProcessMarks(database);
  await marks.endLeftovers();

  const address = Promise.withResolvers<string>();
  const parts = createParts(options, { folder, database, marks, tools: bin, address: () => address.promise });
  const { context, content, workers, work, stream } = parts;
  steps.add(() => work.close());
  steps.add(() => stream.close());
  steps.add(() => content.digests.close());
  steps.add(() => workers.close());
  await listIdentities(database, context.rows);
  const server = createApiServer({
    context,
    routes: [...apiRoutes, ...runRoutes, ...newJobRoutes, ...workerRoutes],
    serveContent: (req, res) => serveContent(content, req, res),
    kept: database.kept,
    count,
    report,
  });
  const endSockets = serveLogSockets(server, context, report);
  const url = await listenOn(server, options.port);
  const closeFront = async () => {
    endSockets();
    await closeServer(server, closeLimitMs);
  };
  steps.add(closeFront);
  address.resolve(url);
  work.start();
  await workers.warmUp();
  steps.add(await startRounds(parts, report));
  // Steps are undone in reverse order, so new requests are refused before anything else ends.
  steps.add(closeFront);
  folder.keep();
  return { url, operator: operatorOf(context, database), folder, lost, counts, close: () => steps.undo() };
}

type Ground = {
  readonly folder: DataFolder;
  readonly database: Database;
  readonly marks: ProcessMarks;
  readonly tools: string;
  readonly address: () => Promise<string>;
};

/** Makes every port of the engine, and connects them as AWS's services are connected. */
function createParts({ workers: slots, region, environment, report }: EmbeddedOptions, ground: Ground) {
  const { folder, database, marks, tools, address } = ground;
  const jobsFolder = folder.file('jobs');
  removeFolder(jobsFolder, (fault) => report(`folders of jobs of an earlier start, in ${jobsFolder}, remain`, fault));
  mkdirSync(jobsFolder, { recursive: true, mode: 0o700 });
  const now = Date.now;
  const key = platformKey(database);
  const seal = async (purpose: string, text: string) =>
    createHmac('sha256', key).update(`${purpose}\n${text}`).digest('hex');
  const stream = createChangeStream(() => context, report);
  const rows = createRows(database, stream.onChange);
  const links = createContentLinks(address, (text) => seal('content', text));
  const files = createFileStore({ folder: folder.file('content'), links, now, kept: database.kept });
  const logs = createLogStore(database);
  const variables = workerVariables({ environment, tools, overlays: folder.file('overlays'), jobs: jobsFolder });
  const work = createWorkQueue(database, { deliver: (body) => doWork(context, body), report, now });
  const workers: OwnWorkers = createWorkers({
    context: () => context,
    database,
    marks,
    slots,
    jobsFolder,
    program: programFile('worker'),
    environment: async () => ({ ...variables, ESPALIER_API_URL: await address() }),
    claim: (worker, nonce, task) => claimFor(context, worker, nonce, task),
    ask: (path, token, text) => askAs(context, path, token, text, report),
    onLines: (worker, lines) => logs.append(worker, lines, now()),
    onEnded: (worker, end) => finalise(context, worker, end),
    report,
  });
  const context: Context = {
    rows,
    bodies: createBodies(rows),
    content: files,
    queues: {
      sendRunnable: (messages, delaySeconds) => workers.request(messages, delaySeconds),
      sendWork: async (messages, delaySeconds) => work.send(messages, delaySeconds),
    },
    workers: workers.port,
    seals: { seal },
    logs,
    settings: { ...settings, region, slotCount: slots },
    apiUrl: address,
    now,
    random: createRandom(),
  };
  const content = { files, links, digests: createDigests(), now };
  return { context, content, workers, work, stream, logs, database };
}

/** The key under which links and nonces are sealed. It lies beside the rows, and is as secret as they are. */
function platformKey({ sqlite, write }: Database): string {
  sqlite.exec('CREATE TABLE IF NOT EXISTS platform (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID');
  const found = sqlite.prepare("SELECT value FROM platform WHERE name = 'key'").get()?.value;
  if (typeof found === 'string') return found;
  const made = randomBytes(32).toString('hex');
  write(() => sqlite.prepare("INSERT INTO platform (name, value) VALUES ('key', ?)").run(made));
  return made;
}

function operatorOf(context: Context, database: Database): Operator {
  return {
    async ask<Request extends OperatorRequest>(request: Request) {
      const answer = await operate(context, request);
      await database.kept();
      if ('refusal' in answer) throw new StartRefusal(answer.refusal);
      return answer as AnswerTo<Request>;
    },
  };
}

/** Bytes of a store that is filled at once, because each call of the kernel takes ten times as long. */
function createRandom(): Context['random'] {
  let store = randomBytes(0);
  return (byteCount) => {
    if (store.length < byteCount) store = randomBytes(Math.max(byteCount, randomStoreBytes));
    const taken = store.subarray(0, byteCount);
    store = store.subarray(byteCount);
    return taken;
  };
}

/** A lost worker is noticed at once. The lease is for one that hangs, and a heartbeat says that a time limit is over. */
const settings: Omit<Context['settings'], 'region'> = {
  leaseSeconds: 20,
  heartbeatSeconds: 4,
  openShardCount: 16,
  workersPerUser: 100,
};
const randomStoreBytes = 2_048;
/** The time that requests under way have to end when the platform ends. */
const closeLimitMs = 2_000;
