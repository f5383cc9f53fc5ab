// Installs the oracles into the user's cache, once for each set of pins, either completely or not at all.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  dynamoDbLocalArtifacts,
  jsonataArtifacts,
  keyOfArtifacts,
  keyOfLocalStack,
  localStackConstraints,
  localStackPackages,
  type MavenArtifact,
  mavenCopyDependencies,
} from './pin.ts';
import type { Python } from './prerequisite.ts';

/** The limit of one installation. A first one takes about a minute. */
const installLimitMs = 420_000;
const maximumOutputCharacters = 4_000;

/** @returns the Python of an environment that has LocalStack. */
export async function installLocalStack(python: Python): Promise<string> {
  const folder = await installOnce(`localstack-${keyOfLocalStack(python.version)}`, async (target) => {
    await run(python.command, ['-m', 'venv', target]);
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--constraint',
      localStackConstraints,
    ];
    await run(join(target, 'bin', 'python'), [...pip, ...localStackPackages]);
  });
  return join(folder, 'bin', 'python');
}

/** @returns the folder of the jars with which LocalStack evaluates JSONata. */
export function installJsonata(): Promise<string> {
  return installArtifacts('jsonata', jsonataArtifacts);
}

/** @returns the folder of DynamoDB Local's jars and native libraries. */
export function installDynamoDbLocal(): Promise<string> {
  return installArtifacts('dynamodb-local', dynamoDbLocalArtifacts);
}

function installArtifacts(name: string, artifacts: readonly MavenArtifact[]): Promise<string> {
  return installOnce(`${name}-${keyOfArtifacts(artifacts)}`, async (target) => {
    const pom = join(target, 'pom.xml');
    writeFileSync(pom, pomOf(artifacts));
    const options = [`-DoutputDirectory=${target}`, '-DincludeScope=runtime'];
    await run('mvn', ['--quiet', '--batch-mode', '--file', pom, mavenCopyDependencies, ...options]);
  });
}

function pomOf(artifacts: readonly MavenArtifact[]): string {
  const dependencies = artifacts.map(
    ({ group, artifact, version }) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>espalier</groupId>
  <artifactId>oracle</artifactId>
  <version>1</version>
  <dependencies>${dependencies.join('')}</dependencies>
</project>
`;
}

/**
 * Fills a folder beside its place, and moves it there when it is complete. An interrupted installation is never found,
 * and the first of two at once stays. (A virtual environment may be moved as long as its scripts are not called by
 * name.)
 */
async function installOnce(name: string, fill: (target: string) => Promise<void>): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'espalier', 'oracle');
  const place = join(cache, name);
  if (existsSync(place)) return place;
  console.log(`installing ${name} into ${cache}`);
  mkdirSync(cache, { recursive: true });
  const target = mkdtempSync(join(cache, `.${name}-`));
  try {
    await fill(target);
    renameSync(target, place);
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    if (!existsSync(place)) throw error;
  }
  return place;
}

/** @throws Error with the end of the command's output. */
function run(command: string, parameters: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'pipe'], timeout: installLimitMs });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-maximumOutputCharacters);
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${parameters.join(' ')} ended with ${code ?? signal}:\n${output.trim()}`));
    });
  });
}
