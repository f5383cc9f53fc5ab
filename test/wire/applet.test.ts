// Tests building and running applets through the real client: outputs, trees, references, failures, logs.

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { givenBuilt, givenExample, md5, readBytes } from './session.ts';
import { session, useSession } from './shared-session.ts';

useSession();

const describeJob = async (id: string): Promise<Record<string, never>> =>
  JSON.parse(await session.ok(['describe', id, '--json']));

describe('building', () => {
  it('works with dx build, -f and -a, and dx get returns the code that was written', async () => {
    const code = 'main() { echo built; }\n';
    const first = await givenBuilt(session, 'plain', { code });
    expect((await session.dx(['build', 'plain'])).code).not.toBe(0);
    const second = JSON.parse(await session.ok(['build', 'plain', '-f'])).id;
    expect(second).not.toBe(first);
    expect((await session.dx(['describe', first])).code).not.toBe(0);
    const third = JSON.parse(await session.ok(['build', 'plain', '-a'])).id;
    expect(await session.ok(['ls', '/.Applet_archive'])).toMatch(/plain/);
    const described = JSON.parse(await session.ok(['describe', third, '--json']));
    expect(described).toMatchObject({ class: 'applet', name: 'plain', state: 'closed' });
    expect(described.runSpec.code).toBeUndefined();
    await session.ok(['get', third, '-o', 'got']);
    expect(readBytes(session, 'got/src/code.sh').toString()).toBe(code);
  });
});

describe('running', () => {
  it('passes values, returns outputs, and shows the job in every listing', async () => {
    const applet = await givenBuilt(session, 'greet', {
      code: 'main() { echo "hello $name"; dx-jobutil-add-output greeting "hello $name" --class string; }',
      inputSpec: [
        { name: 'name', class: 'string' },
        { name: 'times', class: 'int', default: 2 },
      ],
      outputSpec: [{ name: 'greeting', class: 'string' }],
    });
    const id = await session.ok([
      'run',
      'greet',
      '-iname=Ada; $(id)',
      '-y',
      '--brief',
      '--tag',
      'wire',
      '--property',
      'k=v',
    ]);
    await session.ok(['wait', id]);
    expect(await describeJob(id)).toMatchObject({
      id,
      class: 'job',
      state: 'done',
      applet,
      function: 'main',
      try: 0,
      runInput: { name: 'Ada; $(id)' },
      originalInput: { name: 'Ada; $(id)', times: 2 },
      output: { greeting: 'hello Ada; $(id)' },
      tags: ['wire'],
      properties: { k: 'v' },
    });
    for (const kind of ['jobs', 'executions']) {
      expect(await session.ok(['find', kind, '--brief', '--tag', 'wire'])).toBe(id);
    }
    expect(await session.ok(['find', 'jobs', '--state', 'done', '--name', 'gre*', '--brief'])).toContain(id);
  });

  it('with --watch shows the lines in order and the end', async () => {
    await givenBuilt(session, 'talk', {
      code: 'main() { for n in 1 2 3 4 5; do echo "line $n"; done; echo careful >&2; }',
    });
    const reply = await session.dx(['run', 'talk', '-y', '--watch']);
    expect(reply.code, reply.stderr).toBe(0);
    const lines = [...reply.stdout.matchAll(/STDOUT line (\d)/g)].map((match) => match[1]);
    expect(lines).toEqual(['1', '2', '3', '4', '5']);
    expect(reply.stdout).toContain('STDERR careful');
    expect(reply.stdout).toContain('done');
  });

  it('makes dx watch of a failed job exit with 3 and say why', async () => {
    await givenBuilt(session, 'fail', {
      code: 'main() { echo before; dx-jobutil-report-error "no reads in lane 3"; }',
    });
    const id = await session.ok(['run', 'fail', '-y', '--brief']);
    const waited = await session.dx(['wait', id]);
    expect(waited.code).toBe(3);
    const watched = await session.dx(['watch', id]);
    expect(watched.code).toBe(3);
    expect(watched.stdout).toContain('before');
    expect(watched.stdout + watched.stderr).toContain('no reads in lane 3');
    expect(await describeJob(id)).toMatchObject({
      state: 'failed',
      failureReason: 'AppError',
      failureMessage: 'no reads in lane 3',
      failureFrom: { id, failureReason: 'AppError' },
    });
  });

  it('returns a file with the same bytes after upload, job and download', async () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));
    session.file('in.bin', bytes);
    await session.ok(['upload', 'in.bin', '--wait', '--brief', '--path', '/in.bin']);
    await givenBuilt(session, 'copy', {
      code: [
        'main() {',
        '  dx-download-all-inputs',
        '  mkdir -p out/copied/sub && cp "$source_path" "out/copied/sub/$source_prefix.copy"',
        '  md5sum < "$source_path"',
        '  dx-upload-all-outputs',
        '}',
      ].join('\n'),
      inputSpec: [{ name: 'source', class: 'file', patterns: ['*.bin'] }],
      outputSpec: [{ name: 'copied', class: 'file' }],
    });
    const id = await session.ok([
      'run',
      'copy',
      '-isource=/in.bin',
      '-y',
      '--brief',
      '--folder',
      '/results/new',
      '--wait',
    ]);
    const job = id.split('\n')[0] ?? '';
    const file = (await describeJob(job)) as unknown as { output: { copied: { $dnanexus_link: string } } };
    const described = JSON.parse(await session.ok(['describe', file.output.copied.$dnanexus_link, '--json']));
    expect(described).toMatchObject({
      name: 'in.copy',
      folder: '/results/new/sub',
      project: session.environment.DX_PROJECT_CONTEXT_ID,
    });
    await session.ok(['download', described.id, '-o', 'back.bin']);
    expect(md5(readBytes(session, 'back.bin'))).toBe(md5(bytes));
  });

  it('with subjobs, references and dependsOn gives a tree that dx find executions shows', async () => {
    await givenBuilt(session, 'scatter', {
      interpreter: 'python3',
      code: `
import dxpy
@dxpy.entry_point('main')
def main(n):
    parts = [dxpy.new_dxjob({'i': i}, 'square') for i in range(n)]
    total = dxpy.new_dxjob({'values': [p.get_output_ref('v') for p in parts]}, 'add', depends_on=[parts[0]])
    return {'total': total.get_output_ref('sum')}
@dxpy.entry_point('square')
def square(i):
    print('square of', i)
    return {'v': i * i}
@dxpy.entry_point('add')
def add(values):
    return {'sum': sum(values)}
dxpy.run()
`,
      inputSpec: [{ name: 'n', class: 'int' }],
      outputSpec: [{ name: 'total', class: 'int' }],
    });
    const id = await session.ok(['run', 'scatter', '-in=4', '-y', '--brief']);
    await session.ok(['wait', id]);
    expect(await describeJob(id)).toMatchObject({ state: 'done', output: { total: 14 } });
    const tree = await session.ok(['find', 'executions', '--origin', id]);
    expect(tree.match(/scatter:square/g)).toHaveLength(4);
    expect(tree.match(/scatter:add/g)).toHaveLength(1);
    expect(tree.match(/\(done\)/g)).toHaveLength(6);
    const listed = JSON.parse(await session.ok(['find', 'jobs', '--origin', id, '--json'])) as {
      state: string;
      try: number;
    }[];
    expect(listed.map((one) => [one.state, one.try])).toEqual(Array(6).fill(['done', 0]));
  });

  it('waits for another job by reference, and for an open file', async () => {
    await givenBuilt(session, 'held', {
      code: 'main() { dx-jobutil-add-output n "$(dx cat "$go")" --class int; }',
      inputSpec: [{ name: 'go', class: 'file' }],
      outputSpec: [{ name: 'n', class: 'int' }],
    });
    await givenBuilt(session, 'plus', {
      code: 'main() { dx-jobutil-add-output m $((n + 1)) --class int; }',
      inputSpec: [{ name: 'n', class: 'int' }],
      outputSpec: [{ name: 'm', class: 'int' }],
    });
    const project = session.environment.DX_PROJECT_CONTEXT_ID;
    const file = String((await session.api('/file/new', { project, name: 'go.txt' })).body.id);
    const held = await session.ok(['run', 'held', `-igo=${file}`, '-y', '--brief']);
    const plus = await session.ok(['run', 'plus', `-in=${held}:n`, '-y', '--brief']);
    for (const job of [held, plus]) {
      expect(['idle', 'waiting_on_input']).toContain(((await describeJob(job)) as unknown as { state: string }).state);
    }
    const { body } = await session.api(`/${file}/upload`, { index: 1, size: 1, md5: md5('7') });
    await fetch(String(body.url), { method: 'PUT', headers: body.headers as Record<string, string>, body: '7' });
    await session.api(`/${file}/close`, {});
    await session.ok(['wait', plus]);
    expect(await describeJob(plus)).toMatchObject({
      input: { n: 7 },
      output: { m: 8 },
      runInput: { n: { $dnanexus_link: { job: held } } },
    });
  });

  it('of another applet by a job hands the output to the parent', async () => {
    await givenBuilt(session, 'child', {
      code: 'main() { echo from child > f.txt; dx-jobutil-add-output f "$(dx upload f.txt --brief)" --class file; }',
      outputSpec: [{ name: 'f', class: 'file' }],
    });
    const child = await session.ok(['ls', 'child', '--brief']);
    await givenBuilt(session, 'parent', {
      code: `main() { job=$(dx run ${child} -y --brief); dx-jobutil-add-output f "$job:f" --class jobref; }`,
      outputSpec: [{ name: 'f', class: 'file' }],
      access: { project: 'VIEW', network: [] },
    });
    const id = await session.ok(['run', 'parent', '-y', '--brief']);
    await session.ok(['wait', id]);
    const output = (await describeJob(id)) as unknown as { output: { f: { $dnanexus_link: string } } };
    expect(await session.ok(['cat', output.output.f.$dnanexus_link])).toBe('from child');
    const tree = JSON.parse(await session.ok(['find', 'jobs', '--origin', id, '--json'])) as {
      parentJob: string | null;
      workspace: string;
    }[];
    expect(tree).toHaveLength(2);
    expect(new Set(tree.map((one) => one.workspace)).size).toBe(2);
    expect(tree.filter((one) => one.parentJob === id)).toHaveLength(1);
  });

  it('works for examples/line-count with its resources, which refuses half of a compressed file', async () => {
    givenExample(session, 'line-count');
    await session.ok(['build', 'line-count', '-f']);
    const uploaded = async (name: string, content: string | Buffer) => {
      session.file(name, content);
      return await session.ok(['upload', name, '--wait', '--brief']);
    };
    const packed = gzipSync(Array.from({ length: 500 }, (_, index) => `${index * index}\n`).join(''));
    const files = [await uploaded('three.txt', '1\n2\n3\n'), await uploaded('500.gz', packed)];
    const half = await uploaded('half.gz', packed.subarray(0, packed.length / 2));
    const run = (inputs: readonly string[]) =>
      session.ok(['run', 'line-count', ...inputs.map((file) => `-ifiles=${file}`), '-y', '--brief']);
    const [whole, broken] = [await run(files), await run([half])];
    await session.ok(['wait', whole]);
    expect(await describeJob(whole)).toMatchObject({ state: 'done', output: { lines: 503 } });
    expect(await session.ok(['cat', '/line-counts.tsv'])).toBe('3\tthree.txt\n500\t500.gz');
    expect((await session.dx(['wait', broken])).code).toBe(3);
    const message = 'half.gz is compressed with gzip, but damaged or not whole';
    expect(await describeJob(broken)).toMatchObject({ failureReason: 'AppError', failureMessage: message });
  });

  it('works for examples/fastq-stats with files of the same name, few parts, and curves inside the picture', async () => {
    givenExample(session, 'fastq-stats');
    await session.ok(['build', 'fastq-stats', '-f']);
    const bases = 8000;
    const file = (reads: number, base: string, quality: string) =>
      gzipSync(`@read\n${base.repeat(bases)}\n+\n${quality.repeat(bases)}\n`.repeat(reads));
    const inputs: string[] = [];
    // In parts of one read the counts would be 1.6 MB, but the input of a job may have 1 MiB at most.
    for (const [lane, bytes] of [file(40, 'A', '~'), file(1, 'G', '!')].entries()) {
      session.file('sample.fastq.gz', bytes);
      const path = `/lane${lane}/sample.fastq.gz`;
      inputs.push(await session.ok(['upload', 'sample.fastq.gz', '--wait', '--brief', '-p', '--path', path]));
    }
    const reads = inputs.map((id) => `-ireads=${id}`);
    const id = await session.ok(['run', 'fastq-stats', ...reads, '-ireads_per_part=1', '-y', '--brief']);
    await session.ok(['wait', id]);
    const { output } = (await describeJob(id)) as unknown as {
      output: { total_reads: number; summary: { $dnanexus_link: string }; plot: { $dnanexus_link: string } };
    };
    expect(output.total_reads).toBe(41);
    expect(JSON.parse(await session.ok(['cat', output.summary.$dnanexus_link])).files).toEqual({
      '1: sample.fastq.gz': { reads: 40, bases: 320_000, gc_percent: 0, mean_quality: 93 },
      '2: sample.fastq.gz': { reads: 1, bases: 8000, gc_percent: 100, mean_quality: 0 },
    });
    const curves = [...(await session.ok(['cat', output.plot.$dnanexus_link])).matchAll(/points="([^"]*)"/g)];
    const heights = curves.map(([, points = '']) => new Set(points.split(' ').map((point) => point.split(',')[1])));
    expect(heights).toEqual([new Set(['40.0']), new Set(['280.0'])]);
    expect((await session.ok(['find', 'jobs', '--origin', id, '--brief'])).split('\n')).toHaveLength(5);
  });
});

describe('failing and ending', () => {
  it('a failing subjob fails its tree, and the jobs that depend on it', async () => {
    await givenBuilt(session, 'breaks', {
      code: [
        'main() { dx-jobutil-new-job never; child=$(dx-jobutil-new-job bad); dx-jobutil-add-output n "$child:n" --class jobref; }',
        'bad() { dx-jobutil-report-error "bad luck"; }',
        'never() { sleep 60; }',
      ].join('\n'),
      outputSpec: [{ name: 'n', class: 'int' }],
    });
    await givenBuilt(session, 'after', {
      code: 'main() { :; }',
      inputSpec: [{ name: 'n', class: 'int' }],
      outputSpec: [],
    });
    const id = await session.ok(['run', 'breaks', '-y', '--brief']);
    const after = await session.ok(['run', 'after', `-in=${id}:n`, '-y', '--brief']);
    expect((await session.dx(['wait', after])).code).toBe(3);
    expect((await session.dx(['wait', id])).code).toBe(3);
    expect(await describeJob(after)).toMatchObject({ state: 'failed', failureReason: 'DependencyUnsatisfiable' });
    const jobs = JSON.parse(await session.ok(['find', 'jobs', '--origin', id, '--json'])) as Record<string, never>[];
    expect(jobs).toHaveLength(3);
    for (const job of jobs)
      expect(job).toMatchObject({ state: 'failed', failureFrom: { function: 'bad', failureReason: 'AppError' } });
    expect(jobs.map((job) => job.failureReason).sort()).toEqual(['AppError', 'JobTreeFailure', 'JobTreeFailure']);
  });

  it('dx terminate ends a running tree, and may be repeated', async () => {
    await givenBuilt(session, 'endless', {
      code: 'main() { dx-jobutil-new-job more; sleep 600; }\nmore() { sleep 600; }',
    });
    const id = await session.ok(['run', 'endless', '-y', '--brief']);
    const deadline = Date.now() + 30_000;
    while (JSON.parse(await session.ok(['find', 'jobs', '--origin', id, '--state', 'running', '--json'])).length < 2) {
      if (Date.now() > deadline) throw new Error('two jobs should be running by now');
    }
    await session.ok(['terminate', id]);
    await session.dx(['wait', id]);
    await session.ok(['terminate', id]);
    const jobs = JSON.parse(await session.ok(['find', 'jobs', '--origin', id, '--json'])) as Record<string, never>[];
    expect(jobs.length).toBeGreaterThanOrEqual(2);
    for (const job of jobs) expect(job).toMatchObject({ state: 'terminated', failureReason: 'Terminated' });
  });

  it.each([
    ['a missing output', 'main() { :; }', 'OutputError'],
    [
      'an extra output',
      'main() { dx-jobutil-add-output n 1 --class int; dx-jobutil-add-output extra 1 --class int; }',
      'OutputError',
    ],
    ['a wrong class', 'main() { dx-jobutil-add-output n one --class string; }', 'OutputError'],
    ['an exit code', 'main() { exit 9; }', 'AppInternalError'],
  ])('%s fails the job', async (label, code, reason) => {
    const name = label.replaceAll(' ', '-');
    await givenBuilt(session, name, { code, outputSpec: [{ name: 'n', class: 'int' }] });
    const id = await session.ok(['run', name, '-y', '--brief']);
    expect((await session.dx(['wait', id])).code).toBe(3);
    expect(await describeJob(id)).toMatchObject({ state: 'failed', failureReason: reason });
  });

  it('an invalid input is refused by the call, and a value of the wrong class fails the job', async () => {
    const applet = await givenBuilt(session, 'typed', {
      code: 'main() { :; }',
      inputSpec: [{ name: 'n', class: 'int' }],
      outputSpec: [],
    });
    const project = session.environment.DX_PROJECT_CONTEXT_ID;
    const run = (input: object) => session.api(`/${applet}/run`, { project, input });
    expect((await run({})).body.error).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining('n') });
    expect((await run({ n: 1, m: 2 })).body.error).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining('m'),
    });
    const missing = { $dnanexus_link: 'file-0123456789BFGJKPQVXYZbfg' };
    expect((await run({ n: missing })).body.error).toMatchObject({ type: 'ResourceNotFound' });
    const wrong = await run({ n: 'seven' });
    expect(wrong.status).toBe(200);
    expect((await session.dx(['wait', String(wrong.body.id)])).code).toBe(3);
    expect(await describeJob(String(wrong.body.id))).toMatchObject({ failureReason: 'InputError' });
  });
});
