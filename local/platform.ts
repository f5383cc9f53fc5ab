// One running platform: everything that the template describes, on one data folder. Read `startPlatform` as the recipe.
// It knows no command line.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority } from './authority/authority.ts';
import { cacheFolderPath } from './cache-folder.ts';
import { connectionRoute } from './cloud/api-gateway/connection-route.ts';
import { invokeRoute } from './cloud/lambda/invoke-route.ts';
import { createControlServer } from './cloud/wire/control-server.ts';
import { createSigV4Verifier } from './cloud/wire/signature.ts';
import { openDatabase } from './cloud/wire/transaction.ts';
import { openTables } from './compose/database.ts';
import { declareResources } from './compose/declare.ts';
import { createFront } from './compose/front.ts';
import { createFunctions } from './compose/function.ts';
import { listenAgain, listenOn } from './compose/listener.ts';
import { createOperator, type Operator } from './compose/operator.ts';
import { createServices } from './compose/service.ts';
import { sweepFully } from './compose/sweep.ts';
import { deadLetterQueue, declareRules, startTriggers } from './compose/trigger.ts';
import { countedStates, countOpenLaunches, workerSettings } from './compose/worker.ts';
import { type DataFolder, openDataFolder } from './data-folder.ts';
import { createTables } from './database/table.ts';
import { preparePythonEnvironment } from './python-environment.ts';
import { createSteps } from './step.ts';
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

async function start(options: PlatformOptions, steps: ReturnType<typeof createSteps>): Promise<Platform> {
  const { environment, report } = options;
  const folder = openDataFolder(options.dataFolder);
  steps.add(async () => folder.close());
  const { promise: lost, resolve: onLost } = Promise.withResolvers<string>();
  const cache = cacheFolderPath(environment);
  const opening = openTables(folder.file('dynamo'), environment, onLost);
  // Whatever else fails meanwhile, a database that came up must be ended.
  steps.add(() => opening.then((opened) => opened.close(), ignore));
  const [synthesis, python, tables] = await Promise.all([
    synthesize(cache),
    preparePythonEnvironment(environment),
    opening,
  ]);
  const resources = resolveResources(loadCloudAssembly(synthesis.assembly));
  const authority = createAuthority(resources.ofType('AWS::IAM::Role'));
  const verify = createSigV4Verifier(authority.credentials);
  const counts = new Map<string, number>();
  const count = (what: string, amount = 1) => void counts.set(what, (counts.get(what) ?? 0) + amount);

  const database = openDatabase(folder.file('cloud'));
  steps.add(async () => database.close());
  const services = createServices({
    folder,
    database,
    authority,
    workers: options.workers,
    ...workerSettings({ folder, cache, tools: python.bin, workerFile: synthesis.workerFile, resources, environment }),
    compileCache: join(cache, 'compiled'),
    onDeadEvent(rule, target, event) {
      const queueArn = deadLetterQueue(resources, rule, target);
      if (queueArn) services.sqs.send(queueArn, { body: event });
    },
    report,
    count,
  });
  const { s3, sqs, ssm, logs, ecs, lambda, eventBridge, stepFunctions, capacity } = services;
  steps.add(() => logs.close());
  steps.add(() => s3.close());
  steps.add(() => eventBridge.close());

  const front = createFront(resources, lambda, report);
  const control = createControlServer({
    services: [sqs.api, ssm.api, logs.api, ecs.api, eventBridge.api, countedStates(stepFunctions.api, capacity)],
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
  const wake = { tables: (_: readonly string[]) => {} };
  const gate = await tables.openGate({ authority, verify, onWrite: (written) => wake.tables(written), count });
  steps.add(() => gate.close());
  const url = await listenOn(front.server, options.port);

  await createTables(tables.client, resources.ofType('AWS::DynamoDB::Table'));
  declareResources(services, resources, (text) => {
    return front.httpDomains.reduce((local, domain) => local.replaceAll(`https://${domain}`, url), text);
  });
  declareRules({ services, resources });
  const endpoints = {
    AWS_ENDPOINT_URL: controlServer.url,
    AWS_ENDPOINT_URL_S3: s3Server.url,
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${gate.port}`,
    AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: `${controlServer.url}/${front.callbackPath}`,
  };
  createFunctions(services, resources, authority, endpoints);
  const operator = createOperator({ lambda, resources, authority, endpoints, file: synthesis.operatorFile });
  steps.add(() => lambda.close());

  steps.add(() => sqs.close());
  steps.add(() => stepFunctions.close());
  steps.add(() => ecs.close());
  await countOpenLaunches(services, resources);
  await resume(services, folder);
  const triggers = startTriggers({
    services,
    resources,
    authority,
    client: tables.client,
    positionFile: folder.file('positions'),
    streamIdleMs: tables.isOwn ? 1_000 : 250,
    report,
    count,
  });
  wake.tables = triggers.wake;
  steps.add(() => triggers.close());
  steps.add(() => front.close());
  await sweepFully(services, resources);
  return { url, operator, folder, lost, counts, close: () => steps.undo() };
}

/** Its failure is told by who waits for it. */
function ignore(): void {}

/** Leftover workers are ended before anything that could start a new one. */
async function resume({ ecs, stepFunctions, lambda }: ReturnType<typeof createServices>, folder: DataFolder) {
  await ecs.resume();
  rmSync(folder.file('jobs'), { recursive: true, force: true });
  mkdirSync(folder.file('jobs'), { mode: 0o700 });
  stepFunctions.resume();
  lambda.resume();
}
