// AWS Lambda for the embedded cloud: keeps functions by name, and invokes them synchronously, or asynchronously with
// retries.

import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { given } from '../../../core/given.ts';
import { arnOf } from '../wire/account.ts';
import { AwsError } from '../wire/aws-error.ts';
import { type AsynchronousSettings, createEventQueue, type EventQueue } from './asynchronous.ts';
import { openAsynchronousTable } from './asynchronous-table.ts';
import { type InvocationResult, type Sandbox, startSandbox } from './sandbox.ts';

export type FunctionDefinition = {
  readonly name: string;
  /** The module and the name of its export. */
  readonly file: string;
  readonly handler: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** The whole `process.env` of the function, including credentials. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logGroup: string;
  readonly asynchronous?: AsynchronousSettings;
};

export type Lambda = {
  createFunction(definition: FunctionDefinition): void;
  /** Runs the function. `nameOrArn` is as in the API. Throws ResourceNotFoundException if there is no such function. */
  invoke(nameOrArn: string, payload: string): Promise<InvocationResult>;
  /** Accepts an event. Durable when it returns. */
  invokeLater(nameOrArn: string, payload: string): void;
  /** Continues with events that were accepted before a restart. */
  resume(): void;
  /** Imports a function's code ahead of its first invocation. */
  warm(nameOrArn: string): void;
  close(): Promise<void>;
};

export type LambdaOptions = {
  readonly database: DatabaseSync;
  now(): number;
  onLogLine(group: string, stream: string, line: string): void;
  /** Called after each invocation, for counting. AWS charges the duration by the memory. */
  onInvocation?(invocation: { functionName: string; memoryMb: number; durationMs: number }): void;
  /** Where compiled code is kept between starts. */
  readonly compileCache?: string;
};

type Live = { readonly definition: FunctionDefinition; sandbox: Sandbox | undefined; readonly events: EventQueue };

/** Each function has one thread, which its first invocation starts. A new thread replaces one that crashed or hung. */
export function createLambda(options: LambdaOptions): Lambda {
  const table = openAsynchronousTable(options.database);
  const functions = new Map<string, Live>();
  const find = (nameOrArn: string): Live => {
    const name = nameOrArn.replace(/^arn:aws:lambda:[^:]*:[^:]*:function:/, '').replace(/:\$LATEST$/, '');
    const live = functions.get(name);
    if (live) return live;
    const text = `Function not found: ${arnOf('lambda', `function:${name}`)}`;
    throw new AwsError('ResourceNotFoundException', text, 404, { Type: 'User' });
  };
  const run = async (nameOrArn: string, payload: string) => {
    const live = find(nameOrArn);
    const { name: functionName, memoryMb } = live.definition;
    const startedAt = performance.now();
    const result = await sandboxOf(live, options).invoke(payload);
    options.onInvocation?.({ functionName, memoryMb, durationMs: performance.now() - startedAt });
    return result;
  };
  return {
    createFunction(definition) {
      const { name, logGroup, asynchronous = {} } = definition;
      const events = createEventQueue({
        functionName: name,
        settings: asynchronous,
        table,
        now: options.now,
        run: (payload) => run(name, payload),
        onGivenUp: (note) => options.onLogLine(logGroup, 'asynchronous', note),
      });
      functions.set(name, { definition, sandbox: undefined, events });
    },
    invoke: async (nameOrArn, payload) => run(nameOrArn, payload),
    invokeLater: (nameOrArn, payload) => find(nameOrArn).events.accept(payload),
    resume() {
      for (const name of table.functionNames()) {
        const live = functions.get(name);
        if (live) live.events.resume();
        else table.removeAll(name);
      }
    },
    warm: (nameOrArn) => void sandboxOf(find(nameOrArn), options),
    async close() {
      await Promise.all([...functions.values()].map(({ events }) => events.close()));
      await Promise.all([...functions.values()].map(({ sandbox }) => sandbox?.close()));
    },
  };
}

function sandboxOf(live: Live, { onLogLine, compileCache, now }: LambdaOptions): Sandbox {
  if (live.sandbox && !live.sandbox.retired) return live.sandbox;
  const { definition } = live;
  const day = new Date(now()).toISOString().slice(0, 10).replaceAll('-', '/');
  const logStream = `${day}/[$LATEST]${randomUUID().replaceAll('-', '')}`;
  live.sandbox = startSandbox({
    data: {
      file: definition.file,
      handler: definition.handler,
      functionName: definition.name,
      functionArn: arnOf('lambda', `function:${definition.name}`),
      memoryMb: definition.memoryMb,
      logGroup: definition.logGroup,
      logStream,
      ...given({ compileCache }),
    },
    environment: {
      ...definition.environment,
      AWS_LAMBDA_FUNCTION_NAME: definition.name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
      AWS_LAMBDA_LOG_GROUP_NAME: definition.logGroup,
      AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    },
    timeoutMs: definition.timeoutMs,
    onLine: (line) => onLogLine(definition.logGroup, logStream, line),
  });
  return live.sandbox;
}
