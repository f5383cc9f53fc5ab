// `espalier start --detach`: starts a platform in the background, and returns when it serves. What the platform says
// goes to a file of its data folder, and is shown until then.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { makeFolder, pathIn } from '../../machine/data-folder.ts';
import { platformFlags } from '../../machine/node-flag.ts';
import { programFile } from '../../machine/program-file.ts';
import type { CommandLine } from '../command.ts';
import { endingSignals, exitStatus } from '../ending.ts';
import { say } from '../notice.ts';
import { typedCommandOn } from '../on-path.ts';

/** Returns the exit status. A start that is refused leaves no folder behind that was not there. */
export async function startDetached({ options, flags }: CommandLine, dataFolder: string): Promise<number> {
  const unmake = makeFolder(dataFolder);
  const logFile = pathIn(dataFolder, 'log');
  const log = openSync(logFile, 'a+', 0o600);
  const show = follow(log);
  const timer = setInterval(show, showMs);
  try {
    const given = Object.entries({ ...options, data: dataFolder }).flatMap(([name, value]) => [
      `--${name}`,
      `${value}`,
    ]);
    const more = [...flags].filter((flag) => flag !== 'detach').map((flag) => `--${flag}`);
    const parameters = [...platformFlags, ...process.execArgv, programFile('espalier'), 'start', ...given, ...more];
    // It ends with neither npm nor the launcher, which this process may have come from.
    const { npm_command: _npm, ESPALIER_LAUNCHER: _launcher, ...env } = process.env;
    const child = spawn(process.execPath, parameters, { detached: true, stdio: ['ignore', 'pipe', log], env });
    const status = await untilReady(child);
    show();
    if (status !== undefined) return status;
    unmake.cancel();
    say(
      `The platform runs in the background (process ${child.pid}). "${typedCommandOn(dataFolder, 'stop')}" ends it. It writes to ${logFile}.`,
    );
    child.unref();
    return 0;
  } finally {
    clearInterval(timer);
    closeSync(log);
    unmake.run();
  }
}

/**
 * Passes the lines of a start on. Undefined when it serves; else its exit status. A signal that comes before breaks the
 * start off, as it does in the foreground.
 */
async function untilReady(child: ChildProcess): Promise<number | undefined> {
  const breakOff = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of endingSignals) process.on(signal, breakOff);
  try {
    return await statusOf(child);
  } finally {
    for (const signal of endingSignals) process.removeListener(signal, breakOff);
  }
}

function statusOf(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const output = child.stdout as NodeJS.ReadableStream & { destroy(): void };
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(exitStatus(code, signal)));
    createInterface({ input: output }).on('line', (line) => {
      process.stdout.write(`${line}\n`);
      if (!line.startsWith('ready ')) return;
      output.destroy();
      resolve(undefined);
    });
  });
}

/** Returns a function that shows what was added to the file since its last call. */
function follow(file: number): () => void {
  let position = fstatSync(file).size;
  return () => {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - position));
    position += readSync(file, bytes, 0, bytes.length, position);
    process.stderr.write(bytes);
  };
}

const showMs = 200;
