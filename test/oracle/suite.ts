// Lists the contract suites, runs them against one engine, and judges the results.

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { differences } from '../contract/differences.ts';

/** A file of test/contract that asks for the endpoint of a service, so that it can run against any engine. */
export type Suite = { readonly service: string; readonly file: string };

export type Judgement = {
  /** Ids of checks that agree, or differ as differences.ts says. */
  readonly passed: readonly string[];
  /** The passed checks that differ as differences.ts says. */
  readonly knownToDiffer: readonly string[];
  readonly failed: readonly { readonly check: string; readonly message: string }[];
};

const root = join(import.meta.dirname, '..', '..');
const contract = join(root, 'test', 'contract');
const runLimitMs = 300_000;
const maximumOutputCharacters = 4_000;

/** Every suite in the folder, so that a new one is compared from its first day. */
export function listSuites(): Suite[] {
  const files = readdirSync(contract).filter((name) => name.endsWith('.test.ts'));
  return files.sort().flatMap((name) => {
    const service = /givenEndpoint\('([a-z0-9-]+)'\)/.exec(readFileSync(join(contract, name), 'utf8'))?.[1];
    return service === undefined ? [] : [{ service, file: relative(root, join(contract, name)) }];
  });
}

/**
 * Runs suites as `npm test` does, against the engine that the environment names.
 * @param environment CONTRACT_ENGINE and CONTRACT_ENDPOINT_<SERVICE>. Without them our engines are tested.
 */
export async function judge(
  suites: readonly Suite[],
  environment: Readonly<Record<string, string>>,
): Promise<Judgement> {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-oracle-'));
  const report = join(folder, 'report.json');
  try {
    const files = suites.map(({ file }) => file);
    const output = await runVitest(files, report, environment);
    return judgementOf(readReport(report, output), environment.CONTRACT_ENGINE ?? 'ours');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Differences of an engine whose check does not exist in its suites, so that they could never be found stale. */
export function differencesWithoutCheck(engine: string, judgement: Judgement): string[] {
  const seen = new Set([...judgement.passed, ...judgement.failed.map(({ check }) => check)]);
  return differences.filter((each) => each.engine === engine && !seen.has(each.check)).map(({ check }) => check);
}

export function endpointVariable(service: string): string {
  return `CONTRACT_ENDPOINT_${service.toUpperCase().replaceAll('-', '_')}`;
}

async function runVitest(
  files: readonly string[],
  report: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const program = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  // All files use one engine, and DynamoDB Local trims a stream while another file writes to another table.
  const parameters = ['run', ...files, '--no-file-parallelism', '--reporter=json', `--outputFile=${report}`];
  const child = spawn(process.execPath, [program, ...parameters], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
    timeout: runLimitMs,
  });
  const end = () => child.kill();
  process.once('exit', end);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-maximumOutputCharacters);
    });
  }
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  process.off('exit', end);
  return output;
}

/** The parts of the report of vitest's JSON reporter that are read here. */
type Report = {
  readonly testResults: readonly {
    readonly name: string;
    readonly message?: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
};

function readReport(path: string, output: string): Report {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report;
  } catch (cause) {
    throw new Error(`The suites ended without a report within ${runLimitMs / 1000} s:\n${output.trim()}`, { cause });
  }
}

function judgementOf(report: Report, engine: string): Judgement {
  const known = new Set(differences.filter((each) => each.engine === engine).map(({ check }) => check));
  const passed: string[] = [];
  const failed: { check: string; message: string }[] = [];
  for (const { name, message, status, assertionResults } of report.testResults) {
    for (const result of assertionResults) {
      const check = /^([^\s:]+\/[^\s:]+): /.exec(result.title)?.[1] ?? `${relative(root, name)}: ${result.title}`;
      if (result.status === 'passed') passed.push(check);
      else if (known.has(check))
        failed.push({ check, message: 'It agrees now: its entry in differences.ts is stale.' });
      else failed.push({ check, message: readable(result.failureMessages?.[0] ?? result.status) });
    }
    // A file has no results if it could not be loaded or its engine did not start.
    if (status === 'failed' && !assertionResults.some((result) => result.status === 'failed')) {
      failed.push({ check: relative(root, name), message: message ?? 'the file failed' });
    }
  }
  return { passed, failed, knownToDiffer: passed.filter((check) => known.has(check)) };
}

/** The message without the frames of the test runner. */
function readable(message: string): string {
  return message
    .split('\n')
    .filter((line) => !/^\s+at .*(node_modules|node:)/.test(line))
    .join('\n');
}
