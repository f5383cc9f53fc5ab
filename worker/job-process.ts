// Runs the job's own code as a process group. Its output goes to the log, it can be stopped, and after `close` it has
// left no process behind.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { endLeftovers, tryKill } from './confinement.ts';
import { keeperVariable } from './enter.ts';
import type { JobLog } from './log.ts';
import type { LogOutput } from './log-output.ts';

export type JobEnd = { readonly code: number | null; readonly signal: NodeJS.Signals | null };
export type JobProcess = {
  /** The end of the command. The processes that a kept command leaves behind stay until `close`. */
  readonly ended: Promise<JobEnd>;
  /** True while something of it is left that a user could look at. */
  isThere(): boolean;
  stop(how: { atOnce: boolean }): void;
  /** Ends whatever the command has left behind. Resolves when that is gone and its output has been read. */
  close(): Promise<void>;
};

type CommandOptions = {
  readonly command: readonly string[];
  readonly home: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly jobId: string;
  /** Keeps the command's namespaces, and the processes that it leaves behind, until `close`. */
  readonly isKept: boolean;
  /** Whether the command ends with all processes that the job started (confinement.ts). */
  readonly contained: boolean;
  readonly log: JobLog;
  readonly output: Pick<LogOutput, 'hold'>;
};
type Child = ChildProcessByStdio<null, Readable, Readable>;

export function startJobProcess(options: CommandOptions): JobProcess {
  const child = spawnCommand(options);
  const outputs = [options.log.consumer('STDOUT'), options.log.consumer('STDERR')] as const;
  for (const [index, stream] of [child.stdout, child.stderr].entries()) {
    stream.on('data', (chunk: Buffer) => {
      outputs[index]?.write(chunk);
      options.output.hold(stream);
    });
  }
  const gone = goneOf(child, options, () => {
    for (const output of outputs) output.end();
  });
  const ended = options.isKept ? Promise.race([exitCodeOf(child), gone]) : gone;
  let hasEnded = false;
  const noteEnd = () => {
    hasEnded = true;
  };
  ended.then(noteEnd, noteEnd);
  let stopping = false;
  const isThere = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  return {
    ended,
    isThere,
    stop: ({ atOnce }) => {
      if (stopping || !child.pid || !isThere()) return;
      stopping = true;
      const group = -child.pid;
      tryKill(group, atOnce ? 'SIGKILL' : 'SIGTERM');
      // After its end a kept command has left only what may stay.
      setTimeout(() => hasEnded || tryKill(group, 'SIGKILL'), stopGraceMs).unref();
    },
    async close() {
      child.stdio[leaveFd]?.destroy();
      await gone;
    },
  };
}

/** Resolves when the program and everything that it left behind have ended and their output was read. */
function goneOf(child: Child, options: CommandOptions, onRead: () => void): Promise<JobEnd> {
  return new Promise<JobEnd>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`${options.command[0]} cannot be started: ${error.message}`, { cause: error })),
    );
    child.once('exit', async (code, signal) => {
      try {
        // Processes that the job left running hold its streams open and may still write. They end now, then the streams
        // do.
        if (child.pid) tryKill(-child.pid, 'SIGKILL');
        // A command that was ended by a signal did not wait for the end of its namespace.
        if (!options.contained || signal !== null) await endLeftovers(options.jobId);
        await closed(child.stdout, child.stderr);
        onRead();
        resolve({ code, signal });
      } catch (error) {
        reject(error);
      }
    });
  });
}

function spawnCommand({ command, isKept, home, variables }: CommandOptions): Child {
  const [program = '', ...args] = command;
  const pipes = isKept ? (['pipe', 'pipe'] as const) : [];
  return spawn(program, args, {
    cwd: home,
    env: { ...variables },
    stdio: ['ignore', 'pipe', 'pipe', ...pipes],
    detached: true,
  }) as Child;
}

/** Resolves when the keeper reports the end of its command. A keeper that was killed never does. */
function exitCodeOf(child: Child): Promise<JobEnd> {
  const pipe = child.stdio[codeFd];
  if (!(pipe instanceof Readable)) throw new Error('the keeper of the job has no pipe to report on');
  const lines = createInterface({ input: pipe });
  return new Promise((resolve) => lines.once('line', (line) => resolve({ code: Number(line), signal: null })));
}

/**
 * The command line of a keeper: it runs the command, reports the exit code, and stays until it may leave. A request to
 * stop reaches the command, and the keeper waits for its end.
 */
export function keptCommand(command: readonly string[]): string[] {
  return ['bash', '-c', keeper, 'bash', ...command];
}

/**
 * Resolves when both streams are read to their ends. A stream that an unknown process keeps open is given up after a
 * time limit.
 */
async function closed(...streams: NodeJS.ReadableStream[]): Promise<void> {
  const all = Promise.all(
    streams.map((stream) =>
      (stream as { closed?: boolean }).closed
        ? Promise.resolve()
        : new Promise((resolve) => stream.once('close', resolve)),
    ),
  );
  const bound = new Promise((resolve) => setTimeout(resolve, drainLimitMs).unref());
  await Promise.race([all, bound]);
}

/** The time between asking a job to end and killing it. */
const stopGraceMs = 5000;
const drainLimitMs = 10_000;
const codeFd = 3;
const leaveFd = 4;
const keeper = `
trap : TERM
unset ${keeperVariable}
"$@" ${codeFd}>&- ${leaveFd}<&-
code=$?
echo "$code" >&${codeFd}
exec ${codeFd}>&-
read -r _ <&${leaveFd}
exit "$code"
`;
