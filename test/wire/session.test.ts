// Tests that the platform of the wire tests leaves nothing behind when it fails to start.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { processesOf } from '../campaign/process-watch.ts';
import { givenPlatform } from './session.ts';

const temporary = mkdtempSync(join(tmpdir(), 'espalier-session-test-'));
vi.stubEnv('TMPDIR', temporary);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true, force: true });
});

it.each([
  ['is not ready in time', { readyLimitMs: 200 }, /no "ready" in 200 ms/],
  ['refuses to start', { args: ['--workers', '0'] }, /ended with 1 before it was ready/],
])('a platform that %s is ended and removed', async (_, options, reason) => {
  await expect(givenPlatform(options)).rejects.toThrow(reason);
  // A start that is broken off may be asking a Python for its version, which ends by itself.
  await vi.waitFor(() => expect(processesOf(temporary)).toEqual([]), { timeout: 2_000, interval: 20 });
  expect(readdirSync(temporary)).toEqual([]);
});
