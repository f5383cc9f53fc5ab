// `npm run test:oracles`: runs the contract suites against our engines, against independent engines, and against our
// engines with planted wrong answers. Then it runs platforms with one service exchanged. It prints the disagreements
// and ends with `N passed, M failed`. Arguments select parts.

import { type RunningOracle, startDynamoDbLocal, startLocalStack } from './engine.ts';
import { exchangedServices, problemWith } from './exchange.ts';
import { judgePlanted } from './planted.ts';
import { findPrerequisites, type Prerequisites } from './prerequisite.ts';
import { differencesWithoutCheck, endpointVariable, type Judgement, judge, listSuites } from './suite.ts';

type Tally = { passed: number; failed: number };

/** The lines that are shown of a failure: the assertion and its place. */
const maximumMessageLines = 12;

/** The parts in the order in which they run. */
const parts: Readonly<Record<string, (tally: Tally, prerequisites: Prerequisites) => Promise<void>>> = {
  ours: compareOurs,
  'dynamodb-local': (tally, found) => compare(tally, startDynamoDbLocal(found), (service) => service === 'dynamodb'),
  localstack: (tally, found) => compare(tally, startLocalStack(found), (service) => service !== 'dynamodb'),
  planted: plant,
  exchange,
};

const suites = listSuites();
const running = new Set<RunningOracle>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await closeAll();
    process.exit(1);
  });
}
process.exitCode = await main();

async function main(): Promise<number> {
  const tally: Tally = { passed: 0, failed: 0 };
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !Object.hasOwn(parts, name));
  if (unknown.length > 0) {
    console.log(`No part ${unknown.join(', ')}: there are ${Object.keys(parts).join(', ')}.`);
    return 1;
  }
  const prerequisites = findPrerequisites();
  if ('missing' in prerequisites) return refuse(prerequisites.missing);
  for (const [name, run] of Object.entries(parts)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    try {
      await run(tally, prerequisites);
    } catch (error) {
      // An engine that cannot be installed or started counts as one failure. The other parts run all the same.
      console.log(`  FAILED: ${name}: ${(error as Error).message}`);
      tally.failed += 1;
    }
    await closeAll();
  }
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed === 0 ? 0 : 1;
}

/** Without the prerequisites nothing is compared. That is a failure in CI only. */
function refuse(missing: string): number {
  const required = process.env.CI === 'true' || process.env.CI === '1';
  console.log(missing);
  console.log(required ? '0 passed, 1 failed' : '0 passed, 0 failed (nothing was compared)');
  return required ? 1 : 0;
}

async function compareOurs(tally: Tally): Promise<void> {
  const startedAt = Date.now();
  report(tally, 'ours', await judge(suites, {}), startedAt);
}

async function compare(
  tally: Tally,
  starting: Promise<RunningOracle>,
  isMeant: (service: string) => boolean,
): Promise<void> {
  const startedAt = Date.now();
  const oracle = await starting;
  running.add(oracle);
  const meant = suites.filter(({ service }) => isMeant(service));
  const endpoints = meant.map(({ service }) => [endpointVariable(service), oracle.endpoint]);
  const judgement = await judge(meant, { CONTRACT_ENGINE: oracle.name, ...Object.fromEntries(endpoints) });
  report(tally, oracle.name, judgement, startedAt);
}

async function plant(tally: Tally): Promise<void> {
  const startedAt = Date.now();
  const faults = await judgePlanted(suites);
  for (const { fault, problem } of faults) {
    console.log(problem === undefined ? `  found: ${fault}` : `  NOT FOUND: ${fault}: ${problem}`);
  }
  const missed = faults.filter(({ problem }) => problem !== undefined).length;
  tally.passed += faults.length - missed;
  tally.failed += missed;
  console.log(`planted wrong answers: ${faults.length - missed} of ${faults.length} found${elapsed(startedAt)}`);
}

async function exchange(tally: Tally, found: Prerequisites): Promise<void> {
  const startedAt = Date.now();
  for (const start of [startLocalStack, startDynamoDbLocal]) {
    const oracle = await start(found);
    running.add(oracle);
    for (const service of exchangedServices.filter(({ engine }) => engine === oracle.name)) {
      const problem = await problemWith(service, oracle.endpoint);
      if (problem !== undefined) console.log(`  FAILED: a platform with ${service.variable}: ${problem}`);
      tally[problem === undefined ? 'passed' : 'failed'] += 1;
    }
  }
  console.log(`platforms with a service exchanged: ${exchangedServices.length}${elapsed(startedAt)}`);
}

function report(tally: Tally, engine: string, judgement: Judgement, startedAt: number): void {
  const { passed, failed, knownToDiffer } = judgement;
  const idle = differencesWithoutCheck(engine, judgement);
  for (const { check, message } of failed) {
    console.log(`  FAILED on ${engine}: ${check}`);
    for (const line of message.split('\n').slice(0, maximumMessageLines)) console.log(`    ${line}`);
  }
  for (const check of idle)
    console.log(`  STALE: differences.ts names ${check} for ${engine}, and there is no such check`);
  tally.passed += passed.length;
  tally.failed += failed.length + idle.length;
  const agreed = passed.length - knownToDiffer.length;
  const known = `${agreed} agree, ${knownToDiffer.length} differ as differences.ts says, ${failed.length} fail`;
  console.log(`${engine}: ${known}${elapsed(startedAt)}`);
}

function elapsed(startedAt: number): string {
  return ` (${((Date.now() - startedAt) / 1000).toFixed(0)} s)`;
}

async function closeAll(): Promise<void> {
  for (const oracle of running) await oracle.close();
  running.clear();
}
