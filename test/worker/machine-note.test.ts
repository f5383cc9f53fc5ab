// The processors that a job may use, and what its log says of a machine that is smaller than its instance type.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { machineNotes } from '../../worker/machine-note.ts';
import type { Claim } from '../../worker/platform.ts';
import { runFakeJob } from './fake-platform.ts';
import { ordinaryUser, refusalFor, skipFor } from './job-user.ts';

const claimOf = (cores: number, memoryGib: number) =>
  ({ limits: { cores, memoryGib }, jobDescribe: { instanceType: 'mem1_ssd1_v2_x8' } }) as unknown as Claim;

it.each([
  [8, 16, []],
  [8, 17.5, []],
  [9, 16, ['mem1_ssd1_v2_x8 means 9 cores and 16 GiB. The job runs on what this machine has: 8 cores and 16 GiB']],
  [2, 32, ['mem1_ssd1_v2_x8 means 2 cores and 32 GiB. The job runs on what this machine has: 8 cores and 16 GiB']],
])('a job of %s cores and %s GiB on a machine of 8 and 16 has the notes %j', (cores, memoryGib, notes) => {
  expect(machineNotes(claimOf(cores, memoryGib), { cores: 8, memoryGib: 16 })).toEqual(notes);
});

const open = mkdtempSync('/tmp/espalier-cores-');
afterAll(() => rmSync(open, { recursive: true, force: true }));
chmodSync(open, 0o777);

describe.each([
  { who: 'this user', user: undefined },
  { who: 'an ordinary user', user: ordinaryUser },
])('a job of $who', ({ user }) => {
  const refusal = refusalFor(user, open);

  it('may use as many processors as its instance type has', async (test) => {
    skipFor(refusal, test);
    skipFor(availableParallelism() < 2 ? 'this machine has one processor' : undefined, test);
    const said = async (cores: number) => {
      const run = await runFakeJob({ code: 'main() { nproc; }', limits: { cores }, user });
      const lines = run.log.filter(({ l }) => l === 'STDOUT').map(({ m }) => m);
      return { lines, notes: run.log.filter(({ m }) => m.includes('what this machine has')).length };
    };
    const all = String(availableParallelism());
    expect(await said(1)).toEqual({ lines: ['1'], notes: 0 });
    expect(await said(availableParallelism())).toEqual({ lines: [all], notes: 0 });
    expect(await said(512)).toEqual({ lines: [all], notes: 1 });
  });

  it('uses another processor than the job of the next slot', async (test) => {
    skipFor(refusal, test);
    skipFor(availableParallelism() < 2 ? 'this machine has one processor' : undefined, test);
    const processorOf = async (slot: string) => {
      const code = 'main() { taskset -cp $$; }';
      const run = await runFakeJob({ code, limits: { cores: 1 }, user, environment: { ESPALIER_SLOT: slot } });
      return run.log.find(({ l }) => l === 'STDOUT')?.m.replace(/^.*: /, '');
    };
    const [first, second, again] = [await processorOf('0'), await processorOf('1'), await processorOf('0')];
    expect(first).toMatch(/^\d+$/);
    expect(second).toMatch(/^\d+$/);
    expect(second).not.toBe(first);
    expect(again).toBe(first);
  });
});
