// Processes that an earlier platform left behind are ended, and nothing else, with /proc and on systems that have only
// ps.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { endGroupOf, handleOf, showsProcesses } from '../../machine/process/leftover-process.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function givenProcess(): Promise<ChildProcess & { pid: number }> {
  const child = spawn('/bin/sleep', ['600'], { detached: true, stdio: 'ignore' });
  children.push(child);
  await once(child, 'spawn');
  return child as ChildProcess & { pid: number };
}

const ways = [
  { way: '/proc', proc: '/proc', absent: !existsSync('/proc/self/stat') && 'this system has no /proc' },
  { way: 'ps', proc: '/nowhere', absent: !existsSync('/bin/ps') && 'this system has no /bin/ps' },
];

describe.each(ways)('a handle by $way', ({ proc, absent }) => {
  it('ends the group that it names', async ({ skip }) => {
    if (absent) skip(absent);
    const child = await givenProcess();
    const ended = once(child, 'exit');
    expect(showsProcesses(proc)).toBe(true);
    endGroupOf(handleOf(child.pid, proc), proc);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it('does not end another group with the same number, one of another boot, or one of unknown age', async ({
    skip,
  }) => {
    if (absent) skip(absent);
    const { pid } = await givenProcess();
    const handle = handleOf(pid, proc);
    expect(handle).toMatch(/:\d+:.+/);
    for (const other of [`${handle.slice(0, -1)}x`, `x${handle}`, handle.replace(/:(\d+):.*/, ':$1:')]) {
      endGroupOf(other, proc);
    }
    expect(process.kill(pid, 0)).toBe(true);
  });

  it('does nothing for a process that is gone', async ({ skip }) => {
    if (absent) skip(absent);
    const child = await givenProcess();
    const handle = handleOf(child.pid, proc);
    child.kill('SIGKILL');
    await once(child, 'exit');
    endGroupOf(handle, proc);
    expect(handleOf(child.pid, proc)).toMatch(/:\d+:$/);
  });
});

it('a start time by ps does not depend on the caller’s time zone', async ({ skip }) => {
  if (!existsSync('/bin/ps')) skip('this system has no /bin/ps');
  const before = handleOf(process.pid, '/nowhere');
  const { TZ } = process.env;
  process.env.TZ = 'Asia/Tokyo';
  expect(handleOf(process.pid, '/nowhere')).toBe(before);
  if (TZ === undefined) delete process.env.TZ;
  else process.env.TZ = TZ;
});
