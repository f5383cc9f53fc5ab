// Runs the example workflow through the real client on real reads, and compares its figures with a count made here.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { givenExample, readBytes } from './session.ts';
import { session, useSession } from './shared-session.ts';

const reads = ['ERR127302_1_subset.fastq.gz', 'ERR127302_2_subset.fastq.gz'];
const minimum = { quality: 25, length: 30 };

useSession();

/** The qualities of each read. */
function qualitiesOf(gzipped: Buffer): number[][] {
  const lines = gunzipSync(gzipped).toString('latin1').trimEnd().split('\n');
  return lines.filter((_, at) => at % 4 === 3).map((line) => [...line].map((letter) => letter.charCodeAt(0) - 33));
}

/** The cut after which the sum of what is missing to the minimum is the largest. The loop ends at the first good end. */
function cutOf(qualities: readonly number[]): number {
  const missing = qualities.map((quality) => minimum.quality - quality);
  const ends = missing.map((_, at) => missing.slice(at).reduce((sum, one) => sum + one, 0));
  const reachable = ends.slice(ends.findLastIndex((sum) => sum < 0) + 1);
  const most = Math.max(0, ...reachable);
  return most === 0 ? qualities.length : ends.lastIndexOf(most);
}

it('the three stages, one of them an app, measure, trim and compare pairs of reads', { timeout: 180_000 }, async () => {
  givenExample(session, 'read-quality');
  givenExample(session, 'fastq-stats');
  await session.ok(['build', '--app', 'fastq-stats']);
  let workflow = readFileSync(join(session.home, 'read-quality/dxworkflow.json'), 'utf8');
  for (const name of ['trim-reads', 'trim-summary']) {
    givenExample(session, name);
    workflow = workflow.replace(`app-${name}`, JSON.parse(await session.ok(['build', name])).id);
  }
  session.file('read-quality/dxworkflow.json', workflow);
  await session.ok(['build', '--workflow', 'read-quality']);
  await session.ok(['upload', ...reads.map((name) => resolve('examples/data/reads', name)), '--wait']);
  const inputs = [`-ireads_1=${reads[0]}`, `-ireads_2=${reads[1]}`, `-iminimum_quality=${minimum.quality}`];
  const analysis = await session.ok(['run', 'read-quality', ...inputs, '-y', '--brief']);
  await session.ok(['wait', analysis]);

  const pairs = reads.map((name) => qualitiesOf(readFileSync(join('examples/data/reads', name))));
  const cuts = pairs.map((one) => one.map(cutOf));
  const stays = cuts[0]?.map((_, at) => cuts.every((one) => (one[at] ?? 0) >= minimum.length)) ?? [];
  const kept = stays.filter(Boolean).length;
  expect(kept).toBeGreaterThan(10_000);
  expect(kept).toBeLessThan(20_000);
  const report = await session.ok(['cat', 'trimming.md']);
  expect(report).toContain(`${kept} of 20000 pairs stay`);
  for (const [end, name] of reads.entries()) {
    const trimmed = name.replace('.fastq.gz', '.trimmed.fastq.gz');
    await session.ok(['download', trimmed]);
    const expected = pairs[end]?.map((one, at) => one.slice(0, cuts[end]?.[at])).filter((_, at) => stays[at]) ?? [];
    expect(qualitiesOf(readBytes(session, trimmed))).toEqual(expected);
    const bases = expected.flat();
    const mean = bases.reduce((sum, one) => sum + one, 0) / bases.length;
    expect(report).toContain(`| ${end + 1}: ${name} | 20000 | 1440000 |`);
    expect(report).toContain(`| ${trimmed} | ${kept} | ${bases.length} | ${mean.toFixed(2)} |`);
  }
  expect(await session.ok(['ls', 'quality'])).toBe('quality.svg\nquality.tsv\nsummary.json');
});

it('reads that are no pairs fail their stage with a sentence, and the stages that need it', async () => {
  session.file('short_2.fastq.gz', readFileSync(join('examples/data/reads', reads[1] ?? '')).subarray(0, 100_000));
  await session.ok(['upload', 'short_2.fastq.gz', '--wait']);
  const inputs = [`-ireads_1=${reads[0]}`, '-ireads_2=short_2.fastq.gz'];
  const analysis = await session.ok(['run', 'read-quality', ...inputs, '-y', '--brief']);
  expect((await session.dx(['wait', analysis])).code).toBe(3);
  expect(JSON.parse(await session.ok(['describe', analysis, '--json']))).toMatchObject({
    state: 'failed',
    stages: [
      {
        execution: {
          failureReason: 'AppError',
          failureMessage:
            'short_2.fastq.gz is not a whole gzip file: Compressed file ended before the end-of-stream marker was reached',
        },
      },
      { execution: { failureReason: 'AppError' } },
      { execution: { state: 'failed', failureReason: 'DependencyUnsatisfiable' } },
    ],
  });
});
