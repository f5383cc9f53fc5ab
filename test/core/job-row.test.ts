// Tests the row of a new job: its place in the tree, and its optional attributes.

import { describe, expect, it } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import { jobRowByteLimit, type NewJob, newJobRow } from '../../core/job/row.ts';

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
    ['has a name of 128 bytes', { name: 'ü'.repeat(64) }, { name: 'ü'.repeat(64) }],
  ])('%s', (_, part, expected) => {
    expect(newJobRow({ ...asked, kind: 'master', id: jobNamed('one'), ...part } as NewJob)).toMatchObject(expected);
  });

  it('leaves out absent attributes, and a name that is too long', () => {
    const absent = ['parent', 'parentTry', 'name', 'timeoutMs'];
    const long = newJobRow({ ...asked, kind: 'master', id: jobNamed('long'), name: `${'ü'.repeat(64)}!` });
    for (const row of [origin, long]) expect(Object.keys(row).filter((key) => absent.includes(key))).toEqual([]);
    expect(Buffer.byteLength(JSON.stringify(long))).toBeLessThan(jobRowByteLimit);
  });
});
