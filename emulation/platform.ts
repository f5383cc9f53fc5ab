// One running platform: everything that the template describes, on one data folder. Read `startPlatform` as the recipe.
// It knows no command line.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolderPath } from '../machine/cache-folder.ts';
import { type DataFolder, openDataFolder } from '../machine/data-folder.ts';
import { preparePythonEnvironment } from '../machine/python-environment.ts';
import { createSteps, type Steps } from '../machine/step.ts';
import { removeFolder } from '../worker/remove-folder.ts';
import { createAuthority } from './authority/authority.ts';
import { connectionRoute } from './cloud/api-gateway/connection-route.ts';
import { invokeRoute } from './cloud/lambda/invoke-route.ts';
import { createControlServer } from './cloud/wire/control-server.ts';
import { createSigV4Verifier } from './cloud/wire/signature.ts';
import { openDatabase } from './cloud/wire/transaction.ts';
import { openTables } from './compose/database.ts';
import { declareResources } from './compose/declare.ts';
import { createServices, type Services } from './compose/engine-set.ts';
import { createFront, type Front } from './compose/front.ts';
import { createFunctions, type EndpointVariables } from './compose/function.ts';
import { listenAgain, listenOn } from './compose/listener.ts';
import { createOperator, type Operator } from './compose/operator.ts';
import { checkExchanges } from './compose/own-or-foreign.ts';
import { sweepFully } from './compose/sweep.ts';
import { deadLetterQueue, declareRules, startTriggers } from './compose/trigger.ts';
import { countedStates, countOpenLaunches, workerSettings } from './compose/worker.ts';
import { readExchanges } from './exchange/exchange.ts';
import { checkPlaces, notePlaces } from './exchange/kept-place.ts';
import { synthesize } from './synthesize.ts';
import { resolveResources } from './template/resource-set.ts';
import { loadCloudAssembly } from './template/template.ts';

export type PlatformOptions = {
  readonly dataFolder: string;
  /** 0 for any. */
  readonly port: number;
  /** Jobs that may run at once. */
  readonly workers: number;
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  /** Told of faults of the platform itself: they concern nobody's request. */
  report(what: string, fault: unknown): void;
  /** Told, in a line, what a first start takes its time for. */
  say(line: string): void;
};

export type Platform = {
  /** `http://127.0.0.1:<port>`: the API for clients. */
  readonly url: string;
  readonly operator: Operator;
  readonly folder: DataFolder;
  /** Resolves with the reason when the platform cannot go on. */
  readonly lost: Promise<string>;
  /** What was asked of the services since the start, by name. */
  readonly counts: ReadonlyMap<string, number>;
  /** Ends everything that was started, in reverse order. Jobs that run are ended; the next start goes on with them. */
  close(): Promise<void>;
};

/** How long a stream is left alone while nobody tells of a write: of our own engine every write is told. */
const OWN_STREAM_IDLE_MS = 1_000;
const OTHER_STREAM_IDLE_MS = 250;

/** Resolves when the platform serves. @throws StartRefusal when something is missing, taken or not understood. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const steps = createSteps();
  try {
    return await start(options, steps);
  } catch (error) {
    await steps.undo();
    throw error;
  }
}

async function start(options: PlatformOptions, steps: Steps): Promise<Platform> {
  const { promise: lost, resolve: onLost } = Promise.withResolvers<string>();
  const ground = await prepare(options, steps, onLost);
  const { folder, synthesis, resources, authority, counts, count } = ground;
  const services = openServices(options, ground, steps);
  const front = createFront(resources, services.lambda, options.report);
  const wake = { tables: (_: readonly string[]) => {} };
  const endpoints = await openPorts(options, ground, services, front, steps, (written) => wake.tables(written));
  const url = await listenOn(front.server, options.port);
  steps.add(() => front.close());

  await ground.tables.create(resources.ofType('AWS::DynamoDB::Table'));
  await declareResources(services, resources, (text) =>
    front.httpDomains.reduce((local, domain) => local.replaceAll(`https://${domain}`, url), text),
  );
  notePlaces(folder, ground.exchanges);
  declareRules({ services, resources });
  createFunctions(services, resources, authority, endpoints);
  const operatorFile = synthesis.operatorFile;
  const operator = createOperator({ lambda: services.lambda, resources, authority, endpoints, file: operatorFile });
  endServices(services, steps);
  countOpenLaunches(services);
  await resume(services, folder, options.report);
  const triggers = startTriggers({
    services,
    resources,
    authority,
    client: ground.tables.client,
    positionFile: folder.file('positions'),
    streamIdleMs: ground.tables.isOwn ? OWN_STREAM_IDLE_MS : OTHER_STREAM_IDLE_MS,
    report: options.report,
    count,
  });
  wake.tables = triggers.wake;
  steps.add(() => triggers.close());
  // First of all nobody is let in any more.
  steps.add(() => front.close());
  await sweepFully(services, resources);
  return { url, operator, folder, lost, counts, close: () => steps.undo() };
}

/** What everything else stands on: the data folder, the template, Python, the database, the roles. */
async function prepare(options: PlatformOptions, steps: Steps, onLost: (reason: string) => void) {
  const { dataFolder, environment, say } = options;
  const exchanges = readExchanges(environment);
  const folder = openDataFolder(dataFolder);
  steps.add(async () => folder.close());
  checkPlaces(folder, exchanges);
  const cache = cacheFolderPath(environment);
  const opening = openTables(folder.file('dynamo'), exchanges, onLost);
  // Whatever else fails meanwhile, a database that came up must be ended.
  steps.add(() => opening.then((opened) => opened.close(), ignore));
  const [synthesis, python, tables] = await Promise.all([
    synthesize(cache, say),
    preparePythonEnvironment(environment, say),
    opening,
  ]);
  const resources = resolveResources(loadCloudAssembly(synthesis.assembly));
  checkExchanges(exchanges, resources);
  const authority = createAuthority(resources.ofType('AWS::IAM::Role'));
  const counts = new Map<string, number>();
  const count = (what: string, amount = 1) => void counts.set(what, (counts.get(what) ?? 0) + amount);
  return { folder, cache, exchanges, synthesis, tools: python.bin, tables, resources, authority, counts, count };
}

type Ground = Awaited<ReturnType<typeof prepare>>;

function openServices({ environment, workers, report }: PlatformOptions, ground: Ground, steps: Steps): Services {
  const { folder, cache, exchanges, tools, synthesis, resources, authority, count } = ground;
  const database = openDatabase(folder.file('cloud'));
  steps.add(async () => database.close());
  const services = createServices({
    folder,
    database,
    authority,
    exchanges,
    workers,
    ...workerSettings({ folder, cache, tools, workerFile: synthesis.workerFile, resources, environment }),
    compileCache: join(cache, 'compiled'),
    onDeadEvent(rule, target, event) {
      const queueArn = deadLetterQueue(resources, rule, target);
      if (queueArn) services.sqs.send(queueArn, { body: event });
    },
    report,
    count,
  });
  steps.add(() => services.logs.close());
  steps.add(() => services.s3.close());
  steps.add(() => services.eventBridge.close());
  return services;
}

/** Opens the ports that functions call; answers the variables by which SDKs find them. */
async function openPorts(
  { report }: PlatformOptions,
  { folder, authority, tables, count }: Ground,
  { sqs, ssm, logs, ecs, s3, lambda, stepFunctions, capacity }: Services,
  front: Front,
  steps: Steps,
  onWrite: (tables: readonly string[]) => void,
): Promise<EndpointVariables> {
  const verify = createSigV4Verifier(authority.credentials);
  const control = createControlServer({
    services: [sqs.api, ssm.api, logs.api, ecs.api, countedStates(stepFunctions.api, capacity)],
    verify,
    authorise: authority.authorise,
    rest: [invokeRoute(lambda), connectionRoute(front.webSocketApi)],
    onCall: ({ service, operation }) => count(`${service}:${operation}`),
    onFault: (fault, what) => report(what, fault),
  });
  const ports = folder.file('ports');
  const controlServer = await listenAgain(ports, 'control', control);
  steps.add(() => controlServer.close());
  const s3Server = await listenAgain(ports, 's3', s3.listener);
  steps.add(() => s3Server.close());
  const gate = await tables.openGate({ authority, verify, onWrite, count });
  steps.add(() => gate.close());
  return {
    AWS_ENDPOINT_URL: controlServer.url,
    AWS_ENDPOINT_URL_S3: s3Server.url,
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${gate.port}`,
    AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: `${controlServer.url}/${front.callbackPath}`,
  };
}

/** Workers end first, then what waits for them, then the functions, then what those call. */
function endServices({ lambda, sqs, stepFunctions, ecs }: Services, steps: Steps): void {
  steps.add(() => sqs.close());
  steps.add(() => lambda.close());
  steps.add(() => stepFunctions.close());
  steps.add(() => ecs.close());
}

/** Its failure is told by who waits for it. */
function ignore(): void {}

/** Leftover workers are ended before anything that could start a new one. */
async function resume({ ecs, stepFunctions, lambda }: Services, folder: DataFolder, report: PlatformOptions['report']) {
  await ecs.resume();
  const jobs = folder.file('jobs');
  removeFolder(jobs, (fault) => report(`folders of jobs of an earlier start, in ${jobs}, cannot be removed`, fault));
  mkdirSync(jobs, { mode: 0o700, recursive: true });
  stepFunctions.resume();
  lambda.resume();
}
