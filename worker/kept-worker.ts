// A worker that is kept on one machine: it takes one job after another. The platform claims each job for it. Nothing of a
// job is left before the next one begins: each has a folder, an environment and processes of its own.

import { Writable } from 'node:stream';
import type { FromWorker, ToWorker } from './channel.ts';
import { readStarterEnvironment, readWorkerEnvironment } from './environment.ts';
import { createLogOutput } from './log-output.ts';
import { starterOptions } from './place.ts';
import { createPlatform, type Platform, PlatformRefusal } from './platform.ts';
import { createStarter } from './starter/starter.ts';
import { createStopper, type Stopper } from './stop.ts';
import { workOn } from './work.ts';

type Run = Extract<ToWorker, { kind: 'run' }>;
type Present = { readonly task: string; readonly stopper: Stopper; readonly begin: () => void };

const asked = new Map<number, (answer: Extract<ToWorker, { kind: 'answer' }>) => void>();
let askCount = 0;
let present: Present | undefined;
// It begins with the process, so that the first job does not wait for it.
const starter =
  process.env.ESPALIER_NAMESPACES === 'yes'
    ? createStarter(starterOptions(readStarterEnvironment(process.env)), (fault) => {
        process.stderr.write(`espalier: the folder of a job that is over cannot be removed: ${fault}\n`);
      })
    : undefined;

process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'run':
      return void run(message);
    case 'go':
      return present?.task === message.task ? present.begin() : undefined;
    case 'answer':
      asked.get(message.id)?.(message);
      return void asked.delete(message.id);
    case 'stop':
      return present?.task === message.task ? present.stopper.stop({}) : undefined;
    default:
      return message satisfies never;
  }
});
// The platform is gone, and the try of the present job with it.
process.on('disconnect', () => {
  present?.stopper.stop({});
  if (present === undefined) void exit();
});

async function run({ claim, launch, task, root }: Run): Promise<void> {
  const stopper = createStopper();
  const begun = Promise.withResolvers<void>();
  present = { task, stopper, begin: begun.resolve };
  stopper.onStop(() => begun.resolve());
  const environment = readWorkerEnvironment({
    ...process.env,
    ESPALIER_JOB: claim.job,
    ESPALIER_TRY: String(claim.try),
    ESPALIER_LAUNCH: String(launch),
    ESPALIER_NONCE: 'spent',
    ESPALIER_ROOT: root,
  });
  const output = createLogOutput(logStream(task), logDelayMs);
  let isClean = true;
  try {
    await workOn({
      environment,
      platform: platformOver(environment.apiUrl),
      claim,
      task,
      output,
      stopper,
      begun: begun.promise,
      ...(starter ? { starter } : {}),
    });
  } catch (error) {
    isClean = false;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    output.write(
      `${JSON.stringify({ t: Date.now(), n: 0, l: 'ERROR', s: 'SYSTEM', m: `worker: ${text}`, j: claim.job, y: claim.try })}\n`,
    );
    await output.flushed();
  }
  present = undefined;
  await send({ kind: 'idle', task, isClean });
  if (!process.connected) await exit();
}

async function exit(): Promise<void> {
  await starter?.close();
  process.exit();
}

/** Lines leave in the order in which they were written, before the word that the job is over. */
function logStream(task: string): Writable {
  return new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      if (text === '') return done();
      void send({ kind: 'log', task, text }).then(() => done());
    },
  });
}

/** The calls of a worker go through the channel. Bytes of files come by HTTP. */
function platformOver(apiUrl: string): Platform {
  const overHttp = createPlatform(apiUrl);
  return {
    claim: () => Promise.reject(new Error('the platform claims for a kept worker')),
    heartbeat: (token) => ask('/_worker/heartbeat', token, {}),
    finish: (token, result) => ask('/_worker/finish', token, result),
    openFile: overHttp.openFile,
  };
}

function ask<Answer>(path: string, token: string, body: unknown): Promise<Answer> {
  const id = ++askCount;
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  asked.set(id, ({ status, body: answer }) => {
    if (status < 300) return resolve(answer as Answer);
    const { type = 'UnknownError', message = '' } =
      (answer as { error?: { type?: string; message?: string } }).error ?? {};
    reject(new PlatformRefusal(status, type, message));
  });
  void send({ kind: 'ask', id, path, token, text: JSON.stringify(body) });
  return promise;
}

/** Resolves when the message is on its way, or the platform is gone. */
function send(message: FromWorker): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (process.connected) process.send?.(message, undefined, {}, () => resolve());
  else resolve();
  return promise;
}

/** A reader of a log asks for more less often. */
const logDelayMs = 20;
