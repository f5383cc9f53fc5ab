// Reads what a job wrote into its report, and writes it as the worker sends it to the platform.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readReportFile } from '../../worker/report-file.ts';

test.each([
  ['a whole number beyond 2⁵³', '{"n":9007199254740993}'],
  ['a number that JavaScript would write as null', '{"n":1e400}'],
  ['a float that is whole', '{"n":[1.0,-0]}'],
  ['everything else', '{"a":[1,0.5,"x",null,true,{"b":{}}],"__proto__":{"c":1e-7}}'],
])('the worker hands on what the job wrote: %s', (_, text) => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-report-'));
  try {
    writeFileSync(join(folder, 'job_output.json'), text);
    const report = readReportFile(join(folder, 'job_output.json'));
    expect(report.kind === 'hash' && JSON.stringify(report.value)).toBe(text);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
