// Tests that the memory which loading takes does not grow with the number of bodies.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { given } from '../../core/given.ts';
import { createPicker, pick } from '../../core/reference/pick.ts';
import type { JobReference } from '../../core/reference/reference.ts';
import { maximumValueBytes } from '../../core/reference/value.ts';
import { jobId } from '../memory/plan.ts';

const program = fileURLToPath(new URL('large-bodies.ts', import.meta.url));

test('a heap of 320 MB suffices for a gather over 60 large outputs, and for their descriptions', {
  timeout: 120_000,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=320', program]);
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
    smallField: 'runnable',
    largeField: 'failed InputError pass files instead',
    names: '60 described',
    inputs: expect.stringContaining('larger than 4 MB'),
    outputs: expect.stringContaining('larger than 4 MB'),
  });
});

const job = jobId('d');
const reference = (field: string, index?: number): JobReference => ({
  kind: 'job',
  job,
  field,
  ...given({ index }),
});

test('of an output only the parts that references name are kept', () => {
  const output = { a: [1, 2, 3], b: { c: 1 }, rest: 'x'.repeat(1_000) };
  const references = [reference('a', 1), reference('a', 9), reference('b'), reference('none')];
  const kept = createPicker(references.slice(0, 3))(job, output);
  expect(JSON.stringify(kept)).toBe('{"a":[null,2,null],"b":{"c":1}}');
  const outputs = new Map([[job, createPicker(references)(job, output)]]);
  const whole = new Map([[job, output]]);
  for (const one of references) expect(pick(one, outputs)).toEqual(pick(one, whole));
});

test('outputs beyond the limit of a value are not kept', () => {
  const half = { a: 'x'.repeat(maximumValueBytes / 2) };
  const keep = createPicker([reference('a'), { ...reference('a'), job: jobId('e') }]);
  expect(keep(job, half)).toEqual(half);
  expect(keep(jobId('e'), half)).toBe('too large');
  expect(keep(jobId('f'), {})).toBe('too large');
});
