// The `/` that is kept from one job of a worker to the next: whatever a job does to it, the next one finds what the first
// one found.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeOver } from '../../worker/folder.ts';
import type { JobLog } from '../../worker/log.ts';
import { starterOptions } from '../../worker/place.ts';
import { createStarter, type Starter } from '../../worker/starter/starter.ts';
import { isRoot, refusalFor } from './job-user.ts';

const path = process.env.PATH ?? '';
const programs = { '/opt/espalier/bin/espalier-probe': '#!/bin/bash\necho probe\n' };
const names = ['job_input.json', 'environment'];
const place = mkdtempSync(join(tmpdir(), 'espalier-kept-root-'));
const refusal = isRoot ? refusalFor(undefined, place) : 'only root keeps a root';
rmSync(place, { recursive: true });

let folder: string;
let root: string;
let starter: Starter;
const remains: unknown[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-kept-root-'));
  root = join(folder, 'worker');
  remains.length = 0;
  starter = createStarter(starterOptions({ path, taskId: `kept-root-${process.pid}` }), (fault) => remains.push(fault));
});
afterEach(async () => {
  await starter.close();
  expect([remains, readdirSync(folder)]).toEqual([[], []]);
  rmSync(folder, { recursive: true });
});

/** Runs a bash program as the next job of the worker, as worker/run-job.ts does. */
async function run(program: string, { isKept = true } = {}) {
  const home = join(root, 'home/dnanexus');
  for (const one of [home, join(root, 'tmp')]) mkdirSync(one, { recursive: true });
  writeOver(join(home, 'job_input.json'), '{}\n');
  const printed = { STDOUT: '', STDERR: '', lines: [] as string[] };
  const log = {
    line: (_: string, text: string) => void printed.lines.push(text),
    consumer: (level: 'STDOUT' | 'STDERR') => ({
      write(chunk: Buffer) {
        printed[level] += chunk.toString();
      },
      end: () => undefined,
    }),
  } as unknown as JobLog;
  const job = starter.start({
    command: ['bash', '-c', program],
    home: '/home/dnanexus',
    variables: { PATH: path, HOME: '/home/dnanexus' },
    ...{ folder: root, hasRoot: true, shown: [], layers: [], cores: 64, keeper: undefined },
    ...(isKept ? { programs } : {}),
    log,
    output: { hold: () => undefined },
  });
  const end = await job.ended;
  await job.close();
  await starter.clean(root, names);
  return { end, ...printed };
}

/** Prints all that a job may see of an earlier one. It changes nothing. */
const look = String.raw`
find /home /tmp /dev/shm /opt/dnanexus /opt/espalier -printf '%p %y %m %u %g %l\n' | sort
find / /etc /mnt /opt -maxdepth 1 ! -path /proc -printf '%p %y %m %u %g %l\n' | sort
cat ~/job_input.json /etc/passwd /opt/espalier/bin/espalier-probe
python3 - <<'PROGRAM'
import os, socket
for path in ('/', '/home', '/home/dnanexus', '/tmp', '/opt'):
    print(path, os.listxattr(path))
for name in ('priority', 'bulk'):
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.sendto(b'a line of ' + name.encode(), '/opt/dnanexus/log/' + name)
PROGRAM
grep -l -a 's[l]eep' /proc/[0-9]*/cmdline
awk '{ print $5, $6 }' /proc/self/mountinfo | sort
grep -o 'worker.kept/[0-9]*/1' /proc/self/mountinfo | head -1 >&2
`;
/** Prints what a job can write. */
const use = `
for place in / /home/dnanexus /tmp /opt /etc /dev/shm; do touch $place/new && rm $place/new && echo "$place can be written"; done
for file in job_input.json environment; do echo 1 > $file && echo "$file can be written"; done
`;

const harmless: [string, string][] = [
  ['does nothing', ':'],
  ['leaves files and folders in its home', 'mkdir -p out/a/b; echo 1 > out/a/b/c; echo 1 > .hidden; mkfifo pipe'],
  ['leaves files and folders in /tmp', 'mkdir -p /tmp/a/b; chmod 0 /tmp/a; ln -s /etc /tmp/etc; echo 1 > /tmp/1'],
  ['writes over its input', 'echo "a much longer input than that of the next job" > job_input.json'],
  ['replaces its input by a link', 'ln -sf /etc/passwd job_input.json'],
  ['replaces its input by a folder', 'rm job_input.json; mkdir -p job_input.json/a'],
  ['gives its input a second name', 'ln job_input.json /home/dnanexus/second'],
  ['gives its input to another user', 'chown 1:1 job_input.json'],
  ['lets everybody write its input', 'chmod 666 job_input.json'],
  ['leaves a process', '(setsid sleep 600 >/dev/null 2>&1 &)'],
  ['leaves shared memory', 'echo 1 > /dev/shm/left'],
  ['mounts something', 'mount -t tmpfs left /mnt && echo 1 > /mnt/left && mount -t tmpfs left /tmp'],
  ['shows its mounts to others', 'mount --make-rshared / && mount -t tmpfs left /mnt'],
];
const changing: [string, string][] = [
  ['makes a file in /opt', 'echo 1 > /opt/left'],
  ['makes a file in / and removes it', 'echo 1 > /left; rm /left'],
  ['makes a folder in /etc', 'mkdir /etc/left'],
  ['removes a file of the machine', 'rm /etc/passwd'],
  ['changes a file of the machine', 'echo left >> /etc/passwd'],
  ['changes a program of the platform', 'echo left > /opt/espalier/bin/espalier-probe'],
  ['locks its home', 'chmod 700 /home/dnanexus'],
  ['gives /tmp to another user', 'chown 1 /tmp'],
  ['moves its home', 'mv /home/dnanexus/job_input.json /home/ && mv /home/job_input.json /home/other'],
  ['marks its home', `python3 -c "import os; os.setxattr('/home/dnanexus', 'user.left', b'1')"`],
  ['marks /', `python3 -c "import os; os.setxattr('/', 'trusted.left', b'1')"`],
  ['lets nothing be written at /', 'mount -o remount,ro /'],
  ['removes its log sockets', 'mount -o remount,bind,rw /opt/dnanexus/log && rm /opt/dnanexus/log/*'],
  ['closes its log sockets', 'mount -o remount,bind,rw /opt/dnanexus/log && chmod 0 /opt/dnanexus/log/priority'],
  ['leaves very many files', 'for i in {1..300}; do echo 1 > $i; done'],
];

describe.skipIf(refusal)(refusal ? `a kept root is not possible here: ${refusal}` : 'a kept root', () => {
  // A root is kept for a second only, and the machine may be busy.
  it.each(harmless)(
    'serves the next job after one that %s, and shows nothing of it',
    { retry: 3 },
    async (_, program) => {
      const first = await run(look);
      expect(first.lines).toEqual(['a line of priority', 'a line of bulk']);
      expect(await run(program)).toMatchObject({ end: { code: 0 }, STDERR: '' });
      // The number of the root is the same.
      expect(await run(look)).toEqual(first);
      expect(await run(use)).toEqual(all);
    },
  );

  it.each(changing)('is replaced after a job that %s', async (_, program) => {
    const first = await run(look);
    expect(await run(program)).toMatchObject({ end: { code: 0 }, STDERR: '' });
    const next = await run(look);
    expect({ ...next, STDERR: '' }).toEqual({ ...first, STDERR: '' });
    expect(next.STDERR).not.toBe(first.STDERR);
    expect(await run(use)).toEqual(all);
  });

  it('is replaced after a job whose home takes no more files', async ({ skip }) => {
    const first = await run(look);
    const { end } = await run('chattr +i /home/dnanexus');
    skip(end.code !== 0, 'chattr does not work here');
    expect({ ...(await run(look)), STDERR: '' }).toEqual({ ...first, STDERR: '' });
    expect(await run(use)).toEqual(all);
    await starter.close();
    // The platform reports what nobody but the user can remove.
    expect(remains).toEqual([expect.objectContaining({ message: expect.stringContaining('EPERM') })]);
    remains.length = 0;
    for (const name of readdirSync(folder)) {
      execFileSync('chattr', ['-i', join(folder, name, 'home/dnanexus')]);
      rmSync(join(folder, name), { recursive: true });
    }
  });

  it('is not that of a job that brings files of its own', async () => {
    const first = await run(look);
    mkdirSync(join(root, 'opt/bundle'), { recursive: true });
    expect(await run('ls /opt', { isKept: false })).toMatchObject({ STDOUT: expect.stringContaining('bundle') });
    expect((await run(look)).STDOUT).toBe(first.STDOUT);
  });

  it('is given up when no job comes', async () => {
    const first = await run(look);
    await vi.waitUntil(() => readdirSync(`${root}.kept`).length === 1, { timeout: 5_000 });
    expect((await run(look)).STDOUT).toBe(first.STDOUT);
  });

  it('is given up when the program that keeps it ends', async () => {
    const first = await run(look);
    await starter.close();
    expect(await run(look)).toEqual(first);
  });
});

/** What a job of a new root can write. */
const all = {
  end: { code: 0, signal: null },
  STDOUT: [...['/', '/home/dnanexus', '/tmp', '/opt', '/etc', '/dev/shm'], ...names]
    .map((one) => `${one} can be written\n`)
    .join(''),
  STDERR: '',
  lines: [],
};
