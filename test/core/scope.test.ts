// Tests the scopes of a tree: their text, which rows and doom flags hold, and how a lineage is read.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  innermostMaster,
  isInside,
  lineageEntry,
  masterScope,
  readLineageEntry,
  type Scope,
  scopeIn,
} from '../../core/execution/scope.ts';
import { deriveId } from '../../core/id/derive.ts';
import { failureScope, type JobRow, newJobRow } from '../../core/job/row.ts';
import { doomKey, memberKey } from '../../core/row/execution/tree.ts';
import { readWorkMessage, toWorkRecord } from '../../core/work/message.ts';
import { jobId, planJob } from '../memory/plan.ts';

const analysis = deriveId('analysis', 'user-alice', 'scope', 'n');
const scopes: fc.Arbitrary<Scope> = fc.oneof(
  fc.nat().map((attempt): Scope => ({ kind: 'analysis', execution: analysis, try: attempt })),
  fc
    .tuple(fc.constantFrom('master' as const, 'subjob' as const), fc.nat(), fc.nat())
    .map(([kind, job, attempt]): Scope => ({ kind, execution: jobId(`j${job}`), try: attempt })),
);

describe('a scope', () => {
  test('is read back from a lineage', () => {
    fc.assert(
      fc.property(scopes, (scope) => {
        expect(readLineageEntry(lineageEntry(scope))).toEqual(scope);
      }),
    );
  });

  test.each([
    ['an unknown kind', `j:${jobId('a')}:0`],
    ['an analysis that is a job', `a:${jobId('a')}:0`],
    ['a master that is an analysis', `master:${analysis}:0`],
    ['a letter of a master with the id of an analysis', `m:${analysis}:0`],
    ['a try that is not a number', `m:${jobId('a')}:x`],
    ['a try of an analysis that is not a number', `a:${analysis}:x`],
    ['a missing try', `m:${jobId('a')}`],
    ['more than a scope', `m:${jobId('a')}:0:1`],
    ['an empty text', ''],
  ])('is refused with %s', (_title, text) => {
    expect(() => readLineageEntry(text)).toThrow('is not a scope');
  });

  test('has a flag that names its kind and comes before all members', () => {
    fc.assert(
      fc.property(scopes, (scope) => {
        for (const kind of ['termination', 'failure', 'restart'] as const) {
          const { sk } = doomKey(analysis, { scope, kind });
          expect(sk).toContain(`${scope.kind}:${scope.execution}:${scope.try}#${kind}`);
          expect(sk < memberKey(analysis, jobId('p'), jobId('c')).sk).toBe(true);
        }
      }),
    );
  });
});

describe('a lineage below an analysis', () => {
  const scope: Scope = { kind: 'analysis', execution: analysis, try: 0 };
  const stage: JobRow = { ...planJob('stage').row, root: analysis, lineage: [lineageEntry(scope)] };
  const child = newJobRow({ ...givenMade('child'), kind: 'master', parent: stage });

  test('holds the analysis and every enclosing master job', () => {
    expect(child.lineage).toEqual([lineageEntry(scope), `m:${stage.pk}:0`]);
    expect(child).toMatchObject({ root: analysis, origin: stage.pk });
    expect(isInside(child.lineage, scope)).toBe(true);
    expect(isInside(child.lineage, masterScope(child.pk, 0))).toBe(false);
  });

  test('does not take the analysis for a master job', () => {
    expect(innermostMaster(stage.lineage)).toBeUndefined();
    expect(innermostMaster(child.lineage)).toEqual(masterScope(stage.pk, 0));
  });

  test('ends the scope of a failure at the origin job of the stage', () => {
    expect(failureScope(child)).toEqual(masterScope(stage.pk, 0));
    expect(failureScope(stage)).toEqual(masterScope(stage.pk, 0));
    expect(scopeIn(child.lineage, analysis)).toEqual(scope);
  });

  function givenMade(name: string) {
    const { executable, project, launchedBy, instance, priority } = planJob(name).row;
    const made = { executable, project, launchedBy, instance, priority, function: 'main', now: 1, digest: 'd' };
    return { ...made, id: jobId(name) };
  }
});

describe('a work message', () => {
  test('may name an analysis', () => {
    const message = { kind: 'advance', execution: analysis } as const;
    expect(readWorkMessage(toWorkRecord(message))).toEqual(message);
  });

  test('of another version is not read', () => {
    const record = toWorkRecord({ kind: 'advance', execution: jobId('a') });
    expect(record.v).toBe(1);
    expect(readWorkMessage({ ...record, v: 2 })).toBeUndefined();
    expect(readWorkMessage({ ...record, v: undefined })).toBeUndefined();
  });
});
