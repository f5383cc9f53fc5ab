// Runs in a function's own thread: imports the unmodified bundle and calls its handler.

import { enableCompileCache } from 'node:module';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { Context } from 'aws-lambda';
import type { FromSandbox, FunctionError, SandboxData, ToSandbox } from './sandbox-message.ts';

/** 6 MB (gettingstarted-limits.html), plus the 100 bytes that AWS's own message adds to this limit. */
const maximumAnswerBytes = 6 * 1024 * 1024 + 100;

type Handler = (event: unknown, context: Context) => unknown;

const data = workerData as SandboxData;
process.setSourceMapsEnabled(true);
if (data.compileCache) enableCompileCache(data.compileCache);

try {
  const module = (await import(pathToFileURL(data.file).href)) as Readonly<Record<string, unknown>>;
  const handler = module[data.handler];
  if (typeof handler !== 'function') throw new Error(`${data.file} exports no function ${data.handler}`);
  parentPort?.on('message', (message: ToSandbox) => void invoke(handler as Handler, message));
  send({ kind: 'ready' });
} catch (error) {
  send({ kind: 'initError', error: describe(error) });
}

async function invoke(handler: Handler, { id, payload, deadline }: ToSandbox): Promise<void> {
  try {
    const result = await handler(JSON.parse(payload), contextOf(id, deadline));
    // As on AWS, a function that returns nothing answers `null`.
    send(answer(id, JSON.stringify(result ?? null)));
  } catch (error) {
    send({ kind: 'error', id, error: describe(error) });
  }
}

function answer(id: string, payload: string): FromSandbox {
  const byteCount = Buffer.byteLength(payload);
  if (byteCount <= maximumAnswerBytes) return { kind: 'result', id, payload };
  const errorMessage = `Response payload size (${byteCount} bytes) exceeded maximum allowed payload size (${maximumAnswerBytes} bytes).`;
  return { kind: 'error', id, error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage } };
}

function contextOf(id: string, deadline: number): Context {
  const callback = () => {
    throw new Error('Node 24 functions cannot use callbacks. Return a promise.');
  };
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: data.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: data.functionArn,
    memoryLimitInMB: String(data.memoryMb),
    awsRequestId: id,
    logGroupName: data.logGroup,
    logStreamName: data.logStream,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    done: callback,
    fail: callback,
    succeed: callback,
  };
}

/** Describes an exception as Lambda's runtime does (nodejs-exceptions.html). */
function describe(error: unknown): FunctionError {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error) };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

function send(message: FromSandbox): void {
  parentPort?.postMessage(message);
}
