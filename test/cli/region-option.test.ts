// Tests the option --region of the start: a name that is not a region, and a runtime that has one region.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'espalier-region-'));
const data = join(folder, 'data');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const form = '--region must be a region, such as aws:us-east-1, aws:eu-west-2 or azure:westus';
it.each([
  [['--region', 'london'], `${form}, not "london".`],
  [['--region', 'aws:not-a-region'], `${form}, not "aws:not-a-region".`],
  [['--region', 'aws:eu-west-2', '--as-deployed'], '--region is not possible with --as-deployed: the template'],
])('%j is refused before there is a data folder', (options, message) => {
  const command = ['cli/espalier.ts', 'start', '--port', '0', '--data', data, ...options];
  const { status, stderr } = spawnSync('node', command, { encoding: 'utf8', timeout: 60_000 });
  expect(stderr).toContain(message);
  expect(status).toBeGreaterThan(0);
  expect(existsSync(data)).toBe(false);
});
