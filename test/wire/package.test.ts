// The package that `npm pack` makes: it is small, its dependencies are those of a running platform, and a job runs on it
// in a folder below node_modules, where Node strips no types.

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { execute, givenApplet, givenPlatform, givenSession, md5, type Platform } from './session.ts';

const packLimitMs = 120_000;
const maximumPackageBytes = 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), 'espalier-package-'));
const installed = join(folder, 'node_modules', 'espalier');
type Manifest = { readonly dependencies: Readonly<Record<string, string>> };
let manifest: Manifest;
let platform: Platform;

beforeAll(async () => {
  const env = { ...process.env, npm_config_cache: join(folder, 'npm') };
  const packed = await execute('npm', ['pack', '--pack-destination', folder], { env });
  if (packed.code !== 0) throw new Error(packed.stderr);
  await execute('tar', ['-xzf', tarball(), '-C', folder], { env });
  mkdirSync(join(folder, 'node_modules'));
  cpSync(join(folder, 'package'), installed, { recursive: true });
  manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest;
  for (const name of Object.keys(manifest.dependencies)) {
    symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name));
  }
  platform = await givenPlatform({ program: join(installed, 'bin/espalier.js'), args: [] });
}, packLimitMs);
afterAll(async () => {
  await platform?.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

const tarball = () => join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'none');

it('holds only what running needs, and leaves no trace in the checkout', () => {
  expect(statSync(tarball()).size).toBeLessThan(maximumPackageBytes);
  expect(readdirSync(installed).sort()).toEqual(['LICENSE', 'README.md', 'bin', 'dist', 'package.json']);
  expect(readdirSync(join(installed, 'dist/worker/starter')).sort()).toEqual([
    'job.py',
    'job_root.py',
    'kept_root.py',
    'kernel.py',
    'log_socket.py',
    'removal.py',
    'starter.py',
  ]);
  expect(Object.keys(manifest.dependencies)).toEqual(['node', 'ws', 'zod']);
  expect(existsSync('dist')).toBe(false);
});

it('runs a job that uploads a file, and says what only a checkout can do', { timeout: packLimitMs }, async () => {
  const session = await givenSession(platform);
  givenApplet(session, 'echo', {
    code: 'main() { id=$(echo hello | dx upload - --path out.txt --brief); dx-jobutil-add-output out "$id" --class file; }',
    outputSpec: [{ name: 'out', class: 'file' }],
  });
  await session.ok(['build', 'echo']);
  await session.ok(['run', 'echo', '-y', '--wait', '--brief']);
  expect(md5(`${await session.ok(['cat', '/out.txt'])}\n`)).toBe(md5('hello\n'));
  session.close();
  const launcher = join(installed, 'bin/espalier.js');
  for (const args of [['demo'], ['start', '--as-deployed', '--data', join(folder, 'data')]]) {
    const { code, stderr } = await execute('node', [launcher, ...args], { cwd: folder, env: process.env });
    expect([code, stderr]).toEqual([1, expect.stringContaining('needs a checkout of Espalier')]);
  }
  expect(existsSync(join(folder, 'data'))).toBe(false);
});
