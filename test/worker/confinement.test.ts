// The content of /opt that a job sees when its log folder is mounted there, for different contents of /opt on the
// machine.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findConfinement } from '../../worker/confinement.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'espalier-confinement-'));
  mkdirSync(join(root, 'log'));
  writeFileSync(join(root, 'log/priority'), '');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Runs a job's script on a machine whose /opt was made by `setUp`. */
function runOn(setUp: string, script: string) {
  const command = findConfinement(root).wrap(['bash', '-c', script], join(root, 'log'));
  const machine = `mount -t tmpfs x /opt && ${setUp} && exec "$@"`;
  return spawnSync('unshare', ['--mount', 'bash', '-c', machine, 'bash', ...command], { encoding: 'utf8' });
}

describe.skipIf(!findConfinement(tmpdir()).namespaces)('a job in namespaces of its own', () => {
  it.each([
    ['empty', 'true', ''],
    ['with a dangling link', 'ln -s /nowhere /opt/gone', 'gone '],
    ['with a file in the place of the log folder', 'touch /opt/dnanexus', ''],
    [
      'with a folder, a file, a hidden one and a link',
      'mkdir /opt/a /opt/.h && echo 7 > /opt/b && ln -s b /opt/c',
      '.h a b c ',
    ],
  ])('sees its log folder where /opt is %s', (_, setUp, others) => {
    const run = runOn(setUp, 'ls -A /opt | grep -v dnanexus | tr "\\n" " "; ls /opt/dnanexus/log; exit 3');
    expect(run).toMatchObject({ stdout: `${others}priority\n`, stderr: '', status: 3 });
  });

  it('reads files of the machine that are shown there', () => {
    expect(runOn('echo 7 > /opt/b && ln -s b /opt/c', 'cat /opt/c').stdout).toBe('7\n');
  });

  it('runs without the folder where it cannot be mounted', () => {
    rmSync(join(root, 'log'), { recursive: true });
    const run = runOn('mkdir /opt/a', 'ls -A /opt; exit 3');
    expect(run).toMatchObject({ stdout: 'a\n', stderr: expect.stringContaining('cannot be mounted'), status: 3 });
  });

  it('leaves the machine as it was', () => {
    const before = execFileSync('cat', ['/proc/self/mountinfo'], { encoding: 'utf8' });
    runOn('true', 'true');
    expect(execFileSync('cat', ['/proc/self/mountinfo'], { encoding: 'utf8' })).toBe(before);
  });
});

it('puts the log sockets where dxpy looks for them, seen from the job', () => {
  // In a container the job's root is the machine's own: nothing has to be mounted.
  expect(findConfinement('/', true).logFolder).toBe('/opt/dnanexus/log');
  expect(findConfinement('/', false).logFolder).toBe('/opt/dnanexus/log');
  expect(findConfinement('/', true).wrap(['true'], '/opt/dnanexus/log').join(' ')).not.toContain('mount --rbind');
  expect(findConfinement(root, true).logFolder).toBe(join(root, 'log'));
  expect(findConfinement(root, false).logFolder).toBeUndefined();
});
