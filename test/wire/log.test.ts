// Tests that `dx watch` shows a log of very many lines whole, in order, and as fast as the client can print it.

import { beforeAll, expect, it } from 'vitest';
import { givenBuilt } from './session.ts';
import { session, useSession } from './shared-session.ts';

/** As deployed, each line is a request to the gateway (docs/limits.md, "Logs"). */
const isDeployed = process.env.ESPALIER_TEST_RUNTIME === 'deployed';
const lineCount = isDeployed ? 4_000 : 50_000;
/** The lines that a command prints in a second at least. Its start and that of the job count, too. */
const leastRate = isDeployed ? 200 : 5_000;
const longest = 8_000;

useSession();
beforeAll(async () => {
  await givenBuilt(session, 'count', { code: `main() { seq 1 ${lineCount}; }` });
});

const numbersIn = (text: string) => [...text.matchAll(/ STDOUT (\d+)$/gm)].map(([, number]) => Number(number));
const all = Array.from({ length: lineCount }, (_, index) => index + 1);

it('dx run --watch and dx watch show all lines in order at the speed of the client', { timeout: 240_000 }, async () => {
  const startedAt = performance.now();
  const run = await session.dx(['run', 'count', '-y', '--watch']);
  const seconds = (performance.now() - startedAt) / 1000;
  expect(run.code, run.stderr).toBe(0);
  expect(numbersIn(run.stdout)).toEqual(all);
  expect(lineCount / seconds).toBeGreaterThan(leastRate);
  const job = /job-[0-9A-Za-z]{24}/.exec(run.stdout)?.[0] ?? '';
  const againAt = performance.now();
  expect(numbersIn(await session.ok(['watch', job]))).toEqual(all);
  expect(lineCount / ((performance.now() - againAt) / 1000)).toBeGreaterThan(leastRate);
  expect(numbersIn(await session.ok(['watch', job, '-n', '5']))).toEqual(all.slice(-5));
});

it('a line of more than 8,000 characters is cut, and the lines around it are whole', async () => {
  const code = `main() { echo before; printf 'x%.0s' $(seq 1 ${longest}); echo; printf 'y%.0s' $(seq 1 ${longest + 1}); echo; echo after; }`;
  await givenBuilt(session, 'long', { code });
  const { stdout } = await session.dx(['run', 'long', '-y', '--watch']);
  const printed = [...stdout.matchAll(/ STDOUT (.*)$/gm)].map(([, text]) => text);
  expect(printed).toEqual(['before', 'x'.repeat(longest), `${'y'.repeat(longest)}... [truncated]`, 'after']);
});
