#!/usr/bin/env -S node --max-semi-space-size=4
// Starts the command with a Node that can run it: this one if it is new enough, else the one that is installed with the
// package. It is plain JavaScript, so that every Node from 20 on understands it.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const oldestNodeVersion = 24;
const parentPollMs = 500;

// A checkout has the sources. An installed package has only what was made of them.
const sources = join(root, 'cli', 'espalier.ts');
const program = existsSync(sources) ? sources : join(root, 'dist', 'cli', 'espalier.js');

if (Number(process.versions.node.split('.')[0]) >= oldestNodeVersion) await import(pathToFileURL(program).href);
else runWith(installedNode());

/** The Node that is a dependency of this package, wherever npm has put it. */
function installedNode() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
  } catch {
    return '';
  }
}

/** @param {string} node */
function runWith(node) {
  if (!existsSync(node)) {
    const advice = existsSync(sources) ? `run "npm ci" in ${root}` : 'install the package again, with its scripts';
    process.stderr.write(
      `espalier: This is Node ${process.versions.node}, and Node ${oldestNodeVersion} is needed: ${advice}, or use that Node.\n`,
    );
    process.exit(1);
  }
  const env = { ...process.env, ESPALIER_LAUNCHER: String(process.pid) };
  const child = spawn(node, [...process.execArgv, program, ...process.argv.slice(2)], { stdio: 'inherit', env });
  // A terminal sends Ctrl-C to both. Other senders know only this process.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal));
  }
  // npm passes a signal to its shell only, which ends and leaves this process behind.
  const { ppid } = process;
  if (process.env.npm_command !== undefined) {
    setInterval(() => process.ppid !== ppid && child.kill('SIGTERM'), parentPollMs).unref();
  }
  child.once('error', (error) => {
    process.stderr.write(`espalier: ${node} cannot be run: ${error.message}\n`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
}
