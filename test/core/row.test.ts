// Tests that every key of a row leads back to its parts, and that every reader refuses rows of other kinds.

import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Row } from '../../core/context.ts';
import type { DoomCause } from '../../core/execution/doom.ts';
import { masterScope } from '../../core/execution/scope.ts';
import { idAlphabet } from '../../core/id/derive.ts';
import type { JobId, ProjectId } from '../../core/id/identifier.ts';
import { bodyKey, metadataKey, metadataRow, readMetadata, readSpec } from '../../core/row/execution/body.ts';
import { edgeKey, edgeRow, readWaiter } from '../../core/row/execution/edge.ts';
import { jobKey, listKey, listPosition, readListed, toRow, tryKey } from '../../core/row/execution/job.ts';
import { doomKey, doomRow, memberKey, memberRow, readDoom, readMember } from '../../core/row/execution/tree.ts';
import type { Field } from '../../core/row/field.ts';
import type { AnyRowKind } from '../../core/row/kind.ts';
import { printRows } from '../../core/row/print-rows.ts';
import { rowKinds } from '../../core/row/row-kinds.ts';
import { planJob } from '../memory/plan.ts';
import { fullJob, samples } from './row-samples.ts';

const secret = 'hunter2';
/** A value that a field of that type may not have, or `undefined` for a field that may be anything. */
function wrongFor(field: Field): Row[string] {
  if (field === 'anything') return undefined;
  return field === 'map' ? secret : { secret };
}

test('every kind of row has a sample that its reader accepts', () => {
  const names = (kinds: readonly AnyRowKind[]) => kinds.map(({ table, name }) => `${table}: ${name}`);
  const advice = 'add a sample to test/core/row-samples.ts, in the order of rowKinds';
  expect(names(samples.map(({ kind }) => kind)), advice).toEqual(names(rowKinds));
  for (const { read, row } of samples) expect(read(row)).toBeDefined();
});

test('docs/rows.md is the output of `npm run docs`', async () => {
  const page = await readFile(new URL('../../docs/rows.md', import.meta.url), 'utf8');
  expect(page, 'run: npm run docs').toBe(`${printRows()}\n`);
});

describe.each(samples.map((sample) => [`${sample.kind.table}: ${sample.kind.name}`, sample] as const))(
  '%s',
  (_, { kind, row, read }) => {
    const refusalOf = (malformed: Row): string => {
      try {
        read(malformed);
      } catch (error) {
        return String(error);
      }
      return 'not refused';
    };
    const address = `${row.pk} · ${row.sk} of ${kind.table}`;

    test('has a key that no other kind of its table has', () => {
      expect(rowKinds.filter(({ table, matches }) => table === kind.table && matches(row))).toEqual([kind]);
    });

    test('is refused when a required field is missing or a field is wrong', () => {
      for (const [name, field] of Object.entries(kind.fields.required)) {
        if (field === 'anything') continue;
        const { [name]: _, ...without } = row;
        expect(refusalOf({ ...without, pk: row.pk, sk: row.sk })).toContain(address);
        expect(refusalOf({ ...without, pk: row.pk, sk: row.sk })).toContain(`"${name}" is missing`);
      }
      for (const [name, field] of Object.entries({ ...kind.fields.required, ...kind.fields.optional })) {
        const wrong = wrongFor(field);
        if (wrong === undefined) continue;
        const refusal = refusalOf({ ...row, [name]: wrong });
        expect(refusal).toContain(address);
        expect(refusal).toContain(`"${name}"`);
        expect(refusal).not.toContain(secret);
      }
    });

    test('is distinguished from rows of other kinds', () => {
      for (const other of samples) {
        if (other.kind === kind) continue;
        expect(refusalOf(other.row)).toContain(`The row ${other.row.pk} · ${other.row.sk}`);
      }
    });
  },
);

test.each(samples.filter(({ kind }) => kind.version !== undefined))(
  '$kind.name: a row of another version is refused',
  (sample) => {
    const { v, ...without } = sample.row;
    expect(v).toBe(sample.kind.version);
    expect(() => sample.read({ ...sample.row, v: 2 })).toThrow('its "v" is 2');
    expect(() => sample.read({ ...without, pk: sample.row.pk, sk: sample.row.sk })).toThrow('its "v" is missing');
  },
);

describe('the row', () => {
  test('of a job holds every written field', () => {
    expect(toRow(fullJob)).toEqual({ ...fullJob, ...jobKey(fullJob.pk), v: 1 });
  });

  test('of a doom flag holds its cause, of each kind', () => {
    const { pk: execution, origin } = fullJob;
    const causes: DoomCause[] = [
      { kind: 'failure', execution, try: 0, reason: 'AppError', message: 'why' },
      { kind: 'termination', execution, try: 0, by: 'user-alice' },
      { kind: 'restart', execution, try: 0, reason: 'AppError', message: 'why' },
    ];
    for (const cause of causes) {
      const row = doomRow(origin, masterScope(origin, 0), cause, 1);
      expect(readDoom(row)).toEqual(cause);
      for (const name of Object.keys(cause)) {
        expect(() => readDoom({ ...row, cause: { ...cause, [name]: { secret } } })).toThrow(`${row.sk} of executions`);
      }
    }
  });

  test('of a specification is refused when any field is missing or wrong', () => {
    const { spec, id } = planJob('main');
    expect(readSpec(id, spec)).toBe(spec);
    for (const name of Object.keys(spec)) {
      if (name === 'details') continue;
      expect(() => readSpec(id, { ...spec, [name]: undefined })).toThrow(`${id} · S`);
      expect(() => readSpec(id, { ...spec, [name]: 17 })).toThrow(`"${name}"`);
    }
    expect(readSpec(id, undefined)).toBeUndefined();
  });
});

const characters = fc.string({ unit: fc.constantFrom(...idAlphabet), minLength: 24, maxLength: 24 });
const jobs = characters.map((text): JobId => `job-${text}`);
const projects = characters.map((text): ProjectId => `project-${text}`);
const tries = fc.nat(1023);

describe('keys lead back', () => {
  test('from a member to its parent and job', () => {
    fc.assert(
      fc.property(jobs, jobs, jobs, tries, (origin, parent, job, parentTry) => {
        const row = memberRow(origin, { parent, execution: job, parentTry, lineage: [] });
        expect(row).toMatchObject(memberKey(origin, parent, job));
        expect(readMember(row)).toEqual({ sortKey: row.sk, parent, execution: job, parentTry, lineage: [] });
        expect(doomKey(origin, { scope: masterScope(parent, parentTry), kind: 'failure' }).sk < row.sk).toBe(true);
      }),
    );
  });

  test('from an edge to the job that waits', () => {
    fc.assert(
      fc.property(jobs, jobs, tries, fc.constantFrom('input', 'output', 'member', 'end'), (ended, job, at, phase) => {
        expect(
          readWaiter(edgeRow(edgeKey({ kind: 'execution', execution: ended }, { execution: job, try: at, phase }), 0)),
        ).toBe(job);
      }),
    );
  });

  test('from a list entry to its job, in the order of creation', () => {
    fc.assert(
      fc.property(projects, jobs, jobs, fc.nat(4e12), fc.nat(4e12), (project, job, other, created, later) => {
        expect(readListed(listKey(project, created, job))).toEqual({
          execution: job,
          position: listPosition(created, job),
        });
        if (created < later) expect(listPosition(created, job) < listPosition(later, other)).toBe(true);
        expect(listPosition(created, '') < listPosition(created, job)).toBe(true);
      }),
    );
  });

  test('from metadata to their try, in the order of tries', () => {
    fc.assert(
      fc.property(jobs, tries, tries, (job, one, later) => {
        expect(readMetadata(metadataRow(job, one, {}, 1)).try).toBe(one);
        if (one < later) expect(metadataKey(job, one).sk < metadataKey(job, later).sk).toBe(true);
      }),
    );
  });

  test('to exactly one row each', () => {
    fc.assert(
      fc.property(jobs, tries, (job, one) => {
        const keys = [
          jobKey(job),
          tryKey(job, one),
          metadataKey(job, one),
          bodyKey(job, 'spec'),
          bodyKey(job, 'input'),
        ];
        expect(new Set(keys.map(({ sk }) => sk)).size).toBe(keys.length);
      }),
    );
  });
});
