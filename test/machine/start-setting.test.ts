// Settings with which a platform on one machine starts: the flags of its Node, and what its workers give to jobs.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { platformFlags } from '../../machine/node-flag.ts';
import { packageRoot } from '../../machine/program-file.ts';
import { workerVariables } from '../../machine/worker-variable.ts';

test('every way to start a platform gives Node the same flags', () => {
  const read = (name: string) => readFileSync(join(packageRoot, name), 'utf8');
  const flags = platformFlags.join(' ');
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  expect(read('bin/espalier.js').split('\n')[0]).toBe(`#!/usr/bin/env -S node ${flags}`);
  for (const name of ['start', 'demo']) expect(scripts[name]).toBe(`node ${flags} bin/espalier.js ${name}`);
});

test('jobs get no tree of their own where the user wants none', () => {
  const jobs = mkdtempSync(join(tmpdir(), 'espalier-variables-'));
  const given = { tools: '/no/tools', overlays: join(jobs, 'overlays'), jobs };
  const environment = { PATH: process.env.PATH, ESPALIER_JOB_ROOT: 'no' };
  const { ESPALIER_JOB_ROOT: why } = workerVariables({ ...given, environment });
  const { ESPALIER_JOB_ROOT: usual } = workerVariables({ ...given, environment: { PATH: process.env.PATH } });
  rmSync(jobs, { recursive: true });
  expect(why).toBe('ESPALIER_JOB_ROOT is no');
  expect(usual).not.toBe(why);
});
