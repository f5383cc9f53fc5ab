// Tests the row of a new job: its place in the tree, and its optional attributes.

import { describe, expect, it } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import { workspaceId } from '../../core/id/workspace.ts';
import { decide } from '../../core/job/decide.ts';
import type { JobEvent } from '../../core/job/event.ts';
import {
  beforeMembers,
  type JobRow,
  jobRowByteLimit,
  jobWorker,
  jobWorkspace,
  masterTry,
  type NewJob,
  newJobRow,
  outputBodyId,
  restartScope,
  scopesOf,
} from '../../core/job/row.ts';
import { rowBytes } from '../../core/job/size.ts';
import { toRow } from '../../core/row/execution/job.ts';
import { memberKey } from '../../core/row/execution/tree.ts';
import { maximumJobDepth } from '../../core/run/request.ts';

const jobNamed = (name: string) => deriveId('job', 'u', 'row', name);
const asked = {
  executable: deriveId('applet', 'u', 'row', '1'),
  function: 'main',
  project: deriveId('project', 'u', 'row', '1'),
  launchedBy: 'user-ada',
  instance: 'mem2_hdd2_x2',
  priority: 'normal',
  now: 1000,
  digest: 'd',
} as const;
const origin = newJobRow({ ...asked, kind: 'master', id: jobNamed('origin') });

describe('the row of a new job', () => {
  it('names the job itself as origin, root and master when it has no parent', () => {
    const { pk } = origin;
    expect(origin).toMatchObject({ origin: pk, root: pk, master: pk, lineage: [], state: 'idle', try: 0, launch: 0 });
    expect(JSON.parse(JSON.stringify(origin))).toEqual(origin);
  });

  it('has the try of its parent in its lineage', () => {
    const restarted = { ...origin, try: 2 };
    const child = newJobRow({ ...asked, kind: 'master', id: jobNamed('child'), parent: restarted });
    expect(child).toMatchObject({ parent: origin.pk, parentTry: 2, origin: origin.pk, master: child.pk });
    expect(child.lineage).toEqual([`m:${origin.pk}:2`]);
    const subjob = newJobRow({ ...asked, kind: 'subjob', id: jobNamed('subjob'), parent: child });
    expect(subjob).toMatchObject({ parent: child.pk, parentTry: 0, origin: origin.pk, master: child.pk });
    expect(subjob.lineage).toEqual([`m:${origin.pk}:2`, `m:${child.pk}:0`]);
    const nested = newJobRow({ ...asked, kind: 'subjob', id: jobNamed('nested'), parent: subjob });
    expect(nested).toMatchObject({ parent: subjob.pk, master: child.pk, lineage: subjob.lineage });
  });

  it.each<[string, Partial<NewJob>, object]>([
    ['is idle, which is not among its transitions', {}, { state: 'idle', transitions: [] }],
    ['has a time limit when there is one', { timeoutMs: 60_000 }, { timeoutMs: 60_000 }],
    ['asks for a hold when its run does', { debug: true }, { debug: true }],
    ['has a name of 128 bytes', { name: 'ü'.repeat(64) }, { name: 'ü'.repeat(64) }],
  ])('%s', (_, part, expected) => {
    expect(newJobRow({ ...asked, kind: 'master', id: jobNamed('one'), ...part } as NewJob)).toMatchObject(expected);
  });

  it('leaves out absent attributes, and a name that is too long', () => {
    const absent = ['parent', 'parentTry', 'name', 'timeoutMs', 'debug'];
    const long = newJobRow({ ...asked, kind: 'master', id: jobNamed('long'), name: `${'ü'.repeat(64)}!` });
    const unheld = newJobRow({ ...asked, kind: 'master', id: jobNamed('unheld'), debug: false });
    for (const row of [origin, long, unheld])
      expect(Object.keys(row).filter((key) => absent.includes(key))).toEqual([]);
    expect(Buffer.byteLength(JSON.stringify(long))).toBeLessThan(jobRowByteLimit);
  });
});

describe('the size of a row', () => {
  const now = 1_700_000_000_123;
  const failure = { reason: 'AppInsufficientResourceError', message: 'm'.repeat(400), from: jobNamed('from') } as const;
  const claimed = {
    task: `arn:aws:ecs:ap-southeast-2:123456789012:task/espalier-production-workers/${'0'.repeat(32)}`,
    tokenHash: 'x'.repeat(24),
    leaseUntil: now,
  };
  const life: readonly JobEvent[] = [
    { kind: 'wait' },
    { kind: 'progress', cursor: 1_000 },
    { kind: 'ready' },
    { kind: 'relaunch', counted: true },
    { kind: 'claim', ...claimed },
    { kind: 'bear', cursor: beforeMembers },
    { kind: 'finish' },
    { kind: 'progress', cursor: `${jobNamed('parent')}#${jobNamed('child')}` },
    { kind: 'giveUp', failure },
    { kind: 'end', failure },
    { kind: 'stopped' },
  ];

  const isOfGivenUp = ({ kind }: JobEvent) => kind === 'giveUp' || kind === 'stopped';

  /** The most bytes that the row of a job below so many master jobs has, with every field, in such a life. */
  function mostBytes(
    masterCount: number,
    names: Pick<NewJob, 'function' | 'name' | 'launchedBy'>,
    events: readonly JobEvent[],
  ): number {
    const long = { ...asked, now, instance: 'mem1_ssd2_v2_x72', timeoutMs: 2_591_999_999, digest: 'd'.repeat(24) };
    let parent: JobRow = { ...origin, try: 8 };
    for (let depth = 1; depth < masterCount; depth++) {
      parent = { ...newJobRow({ ...long, kind: 'master', id: jobNamed(`m${depth}`), parent }), try: 8 };
    }
    const born = newJobRow({ ...long, ...names, kind: 'subjob', id: jobNamed('last'), parent });
    let row: JobRow = { ...born, try: 8, launch: 99, openShard: 15, dueAt: now };
    const sizes: number[] = [];
    for (const event of events) {
      const decision = decide(row, event, now);
      if (decision.kind === 'refusal') throw new Error(decision.why);
      row = decision.row;
      sizes.push(rowBytes(toRow(row)));
    }
    return Math.max(...sizes);
  }

  it('is two write units for the deepest job with the longest names', () => {
    const names = { function: 'f'.repeat(255), name: 'n'.repeat(128), launchedBy: `user-${'u'.repeat(64)}` } as const;
    expect(mostBytes(maximumJobDepth - 1, names, life)).toBeLessThanOrEqual(2 * jobRowByteLimit);
  });

  it('is one write unit for a subjob of an origin job that is not given up', () => {
    const names = { function: 'process', name: 'sample:process', launchedBy: 'user-alice' } as const;
    const events = life.filter((event) => !isOfGivenUp(event));
    expect(mostBytes(1, names, events)).toBeLessThanOrEqual(jobRowByteLimit);
  });
});

describe('a job in its tree', () => {
  const nested = newJobRow({ ...asked, kind: 'master', id: jobNamed('nested'), parent: { ...origin, try: 2 } });
  const below = (parent: JobRow, name: string, parentRestartsAlone = false) =>
    newJobRow({ ...asked, kind: 'subjob', id: jobNamed(name), parent, parentRestartsAlone });
  const subjob: JobRow = { ...below({ ...nested, try: 1 }, 'subjob'), try: 4 };
  const scopes = {
    origin: { kind: 'master', execution: origin.pk, try: 2 },
    nested: { kind: 'master', execution: nested.pk, try: 1 },
    subjob: { kind: 'subjob', execution: subjob.pk, try: 4 },
  };

  it('is in its own scope and in those above it', () => {
    expect(scopesOf(origin)).toEqual([{ ...scopes.origin, try: 0 }]);
    expect(scopesOf(subjob)).toEqual([scopes.origin, scopes.nested, scopes.subjob]);
  });

  it('works in the workspace of its master job, in the try of that', () => {
    expect(masterTry({ ...nested, try: 3 })).toEqual({ master: nested.pk, try: 3 });
    expect(masterTry(subjob)).toEqual({ master: nested.pk, try: 1 });
    expect(jobWorkspace(subjob)).toBe(workspaceId(nested.pk, 1));
    // Without a lineage nothing names the try of the master job.
    expect(masterTry({ ...subjob, lineage: [] })).toEqual({ master: nested.pk, try: 0 });
  });

  it('restarts with the scope above it, or alone if it is a master job or its executable says so', () => {
    expect(restartScope(nested, false)).toEqual({ ...scopes.nested, try: 0 });
    expect(restartScope(subjob, false)).toEqual(scopes.nested);
    expect(restartScope(subjob, true)).toEqual(scopes.subjob);
    expect(restartScope({ ...subjob, lineage: [] }, false)).toEqual(scopes.subjob);
  });

  it('encloses its children when it restarts alone, down to the third scope', () => {
    const first = below(subjob, 'first', true);
    const second = below(first, 'second', true);
    expect(first.lineage).toEqual([...subjob.lineage, `s:${subjob.pk}:4`]);
    expect(second.lineage).toEqual(first.lineage);
    expect(restartScope(first, true)).toEqual(scopes.subjob);
    expect(below(subjob, 'plain', false).lineage).toEqual(subjob.lineage);
  });

  it('that has begun to make jobs reads its members from the first one on', () => {
    expect(beforeMembers < memberKey(origin.pk, origin.pk, nested.pk).sk).toBe(true);
  });

  it('has a worker for each launch of each try', () => {
    expect(jobWorker({ ...origin, try: 1, launch: 2 })).toBe(`${origin.pk}-t1-l2`);
  });

  it('has a body for the output of each try', () => {
    expect([0, 1].map((attempt) => outputBodyId({ ...origin, try: attempt }))).toEqual([origin.pk, `${origin.pk}#1`]);
  });
});
