// The content of /opt that a job sees when its log folder is mounted there, for different contents of /opt on the
// machine, where a job gets namespaces but no root of its own.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobLog } from '../../worker/log.ts';
import { starterOptions } from '../../worker/place.ts';
import { createStarter } from '../../worker/starter/starter.ts';
import { namespaceRefusal } from './job-user.ts';

const path = process.env.PATH ?? '';
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'espalier-confinement-'));
  mkdirSync(join(root, 'bin'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Runs a job's script on a machine whose /opt was made by `setUp`. */
async function runOn(setUp: string, script: string) {
  const python = execFileSync('bash', ['-c', 'command -v python3'], { encoding: 'utf8' }).trim();
  const machine = `mount -t tmpfs x /opt && ${setUp} && exec ${python} "$@"`;
  writeFileSync(join(root, 'bin/python3'), `#!/bin/bash\nexec unshare --mount bash -c '${machine}' bash "$@"\n`);
  chmodSync(join(root, 'bin/python3'), 0o755);
  const printed = { STDOUT: '', STDERR: '' };
  const consumer = (level: 'STDOUT' | 'STDERR') => ({
    write(chunk: Buffer) {
      printed[level] += chunk;
    },
    end: () => undefined,
  });
  const starter = createStarter(starterOptions({ path: `${join(root, 'bin')}:${path}` }));
  const job = starter.start({
    ...{ command: ['bash', '-c', script], home: '/', variables: { PATH: path } },
    ...{ folder: root, hasRoot: false, shown: [], layers: [], cores: 64, keeper: undefined },
    log: { line: () => undefined, consumer } as unknown as JobLog,
    output: { hold: () => undefined },
  });
  const end = await job.ended;
  await starter.close();
  return { ...printed, ...end };
}

const refusal = namespaceRefusal();
describe.skipIf(refusal)(`a job in namespaces of its own${refusal ? `: ${refusal}` : ''}`, () => {
  it.each([
    ['empty', 'true', ''],
    ['with a dangling link', 'ln -s /nowhere /opt/gone', 'gone '],
    ['with a file in the place of the log folder', 'touch /opt/dnanexus', ''],
    [
      'with a folder, a file, a hidden one and a link',
      'mkdir /opt/a /opt/.h && echo 7 > /opt/b && ln -s b /opt/c',
      '.h a b c ',
    ],
  ])('sees its log folder where /opt is %s', async (_, setUp, others) => {
    const run = await runOn(setUp, 'ls -A /opt | grep -v dnanexus | tr "\\n" " "; ls /opt/dnanexus/log; exit 3');
    expect(run).toMatchObject({ STDOUT: `${others}bulk\npriority\n`, STDERR: '', code: 3 });
  });

  it('reads files of the machine that are shown there', async () => {
    expect((await runOn('echo 7 > /opt/b && ln -s b /opt/c', 'cat /opt/c')).STDOUT).toBe('7\n');
  });

  it('runs without the folder where it cannot be mounted', async () => {
    writeFileSync(join(root, 'log.opt'), '');
    const run = await runOn('mkdir /opt/a', 'ls -A /opt; exit 3');
    expect(run).toMatchObject({ STDOUT: 'a\n', STDERR: expect.stringContaining('cannot be mounted'), code: 3 });
  });

  it('leaves the machine as it was', async () => {
    const before = execFileSync('cat', ['/proc/self/mountinfo'], { encoding: 'utf8' });
    await runOn('true', 'true');
    expect(execFileSync('cat', ['/proc/self/mountinfo'], { encoding: 'utf8' })).toBe(before);
  });
});
