// Tests searches and runs in numbers: batches, cloned runs, every filter of `dx find`, and dxpy's searches.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { givenBuilt, givenPlatform, givenSession, type Platform, readBytes, type Session } from './session.ts';

let platform: Platform;
let session: Session;
let project: string;
let applet: string;
beforeAll(async () => {
  platform = await givenPlatform();
  session = await givenSession(platform);
  project = session.environment.DX_PROJECT_CONTEXT_ID ?? '';
  applet = await givenBuilt(session, 'say', {
    code: 'main() { echo "the word is $word"; echo careful >&2; dx-jobutil-add-output said "$word" --class string; }',
    inputSpec: [
      { name: 'word', class: 'string' },
      { name: 'reads', class: 'file', optional: true },
    ],
    outputSpec: [{ name: 'said', class: 'string' }],
  });
});
afterAll(async () => {
  session?.close();
  await platform?.stop();
});

const describeJob = async (id: string) => JSON.parse(await session.ok(['describe', id, '--json']));
const findJobs = async (...args: string[]) => {
  const found = await session.ok(['find', 'jobs', '--brief', ...args]);
  return found === '' ? [] : found.split('\n');
};
const run = (...args: string[]) => session.ok(['run', 'say', '-y', '--brief', ...args]);

describe('batches', () => {
  it('dx generate_batch_inputs groups files, and dx run --batch-tsv starts one job for each row', async () => {
    for (const sample of ['1', '2']) session.file(`s${sample}_R1.txt`, sample);
    session.file('s3_R2.txt', '3');
    const files = ['s1_R1.txt', 's2_R1.txt', 's3_R2.txt'];
    await session.ok(['upload', ...files, '--path', '/batch/', '-p', '--wait', '--brief']);
    const pattern = ['-ireads=s(.*)_R1.txt', '--path', `${project}:/batch`, '-o', 'batch'];
    const generated = await session.dx(['generate_batch_inputs', ...pattern]);
    expect([generated.code, generated.stderr]).toEqual([0, expect.stringContaining('Found 2 valid batch IDs')]);
    const rows = readBytes(session, 'batch.0000.tsv').toString().trim().split(/\r?\n/);
    expect(rows.map((row) => row.split('\t').slice(0, 2))).toEqual([
      ['batch ID', 'reads'],
      ['1', 's1_R1.txt'],
      ['2', 's2_R1.txt'],
    ]);
    const started = await run('--batch-tsv', 'batch.0000.tsv', '-iword=w', '--batch-folders', '--destination', '/out');
    const jobs = started.split(',');
    expect(jobs).toHaveLength(2);
    for (const [index, id] of jobs.entries()) {
      const sample = String(index + 1);
      expect(await describeJob(id)).toMatchObject({
        ...{ name: `say-${sample}`, folder: `/out/${sample}`, properties: { 'batch-id': sample } },
        runInput: { word: 'w', reads: { $dnanexus_link: { project } } },
      });
    }
    await session.ok(['wait', ...jobs]);
    const missing = ['-iword=s(.*)_R1.txt', '-ireads=s(.*)_R2.txt', '--path', `${project}:/batch`];
    const incomplete = await session.dx(['generate_batch_inputs', ...missing]);
    expect([incomplete.code, incomplete.stderr]).toEqual([3, expect.stringContaining('Mismatched set of input names')]);
    const unknown = await session.dx(['run', 'say', '--batch-tsv', 'batch.0000.tsv', '-y', '--brief']);
    expect([unknown.code, unknown.stderr.replace(/\s+/g, ' ')]).toEqual([
      3,
      expect.stringMatching(/InvalidInput.*"word" \(string\) is missing/),
    ]);
  });
});

describe('runs', () => {
  it('take -j, -f, --clone and --depends-on, and can be watched and found after their end', async () => {
    const first = await run('-j', '{"word": "one"}', '--name', 'first', '--tag', 'x', '--property', 'p=1');
    session.file('input.json', '{"word": "two"}');
    const second = await run('-f', 'input.json', '--name', 'second', '--depends-on', first, '--tag', 'x');
    const third = await run('--clone', first, '-iword=three');
    await session.ok(['wait', first, second, third]);
    expect(await describeJob(second)).toMatchObject({ dependsOn: [first], output: { said: 'two' } });
    expect((await describeJob(second)).startedRunning).toBeGreaterThanOrEqual(
      (await describeJob(first)).stoppedRunning,
    );
    expect(await describeJob(third)).toMatchObject({ output: { said: 'three' }, tags: ['x'], properties: { p: '1' } });

    const watched = await session.dx(['watch', first, '--no-wait', '--no-timestamps']);
    expect([watched.code, watched.stdout]).toEqual([0, expect.stringMatching(/STDOUT the word is one/)]);
    expect(await session.ok(['watch', first, '--get-stdout', '--quiet'])).toContain('the word is one');
    const errors = await session.ok(['watch', first, '--get-stderr', '--quiet']);
    expect([errors.includes('careful'), errors.includes('the word is')]).toEqual([true, false]);

    expect(await findJobs('--tag', 'x')).toEqual([third, second, first]);
    expect(await findJobs('--property', 'p=1')).toEqual([third, first]);
    expect(await findJobs('--property', 'p=2')).toEqual([]);
    expect(await findJobs('--name', 'sec*')).toEqual([second]);
    expect(await findJobs('--id', first)).toEqual([first]);
    expect(await findJobs('--origin', second)).toEqual([second]);
    expect(await findJobs('--state', 'failed')).toEqual([]);
    expect(await findJobs('--tag', 'x', '--all-jobs', '-n', '2')).toEqual([third, second]);
    expect(await findJobs('--tag', 'x', '--created-after=-1h', '--user', 'self')).toEqual([third, second, first]);
    expect(await findJobs('--tag', 'x', '--created-before=-1h')).toEqual([]);
    expect(await findJobs('--app', applet, '--origin-jobs', '--name', 'first')).toEqual([first]);
    expect(await session.ok(['find', 'executions', '--id', first, '--show-outputs'])).toMatch(
      /\* first \(say:main\) \(done\) job-\w{24}\n.*\(runtime .*\)\n.*said = "one"/,
    );
  });
});

describe('data', () => {
  it('dx find data selects by every filter', async () => {
    const made = async (name: string, ...args: string[]) =>
      session.ok(['new', 'record', name, '--brief', '-p', ...args]);
    const plain = await made('/find/plain', '--type', 'Report');
    const closed = await made('/find/closed.1', '--close', '--tag', 't', '--tag', 'u', '--property', 'k=v');
    const hidden = await made(
      '/find/deep/hidden',
      '--visibility',
      'hidden',
      '--details',
      `{"of": {"$dnanexus_link": "${closed}"}}`,
    );
    const find = async (...args: string[]) => {
      const found = await session.ok(['find', 'data', '--brief', '--class', 'record', '--path', '/find', ...args]);
      return found
        .split('\n')
        .map((line) => line.replace(`${project}:`, ''))
        .filter((id) => id !== '');
    };
    expect(await find()).toEqual([closed, plain]);
    expect(await find('--visibility', 'either')).toEqual([hidden, closed, plain]);
    expect(await find('--state', 'closed')).toEqual([closed]);
    expect(await find('--name', '*.?')).toEqual([closed]);
    expect(await find('--type', 'Report')).toEqual([plain]);
    expect(await find('--tag', 't', '--tag', 'u')).toEqual([closed]);
    expect(await find('--property', 'k')).toEqual([closed]);
    expect(await find('--norecurse', '--visibility', 'either')).toEqual([closed, plain]);
    expect(await find('--visibility', 'hidden', '--created-after=-1h')).toEqual([hidden]);
    expect(await find('--mod-before=-1h')).toEqual([]);
    expect(await session.ok(['find', 'data', '--name', 'plain', '--all-projects', '--brief'])).toContain(plain);
  });

  it('dxpy searches return every object once, page by page', async () => {
    const reply = await session.python(`
import dxpy
project = dxpy.api.project_new({'name': 'paged'})['id']
made = [dxpy.new_dxrecord(project=project, name='r%03d' % n, tags=['even'] if n % 2 == 0 else [], close=True).get_id() for n in range(25)]
found = [one['id'] for one in dxpy.find_data_objects(project=project, first_page_size=4)]
assert sorted(found) == sorted(made), found
even = [one['describe']['name'] for one in dxpy.find_data_objects(project=project, tag='even', describe={'fields': {'name': True}}, first_page_size=3, limit=5)]
assert len(even) == 5 and all(int(name[1:]) % 2 == 0 for name in even), even
assert dxpy.find_one_data_object(project=project, name='r007')['id'] == made[7]
assert [one['id'] for one in dxpy.find_data_objects(project=project, name='^r00[0-3]$', name_mode='regexp')] == made[3::-1]
try:
    dxpy.find_one_data_object(project=project, name='absent', zero_ok=False)
    raise SystemExit('found what is not there')
except dxpy.DXSearchError:
    pass
assert dxpy.find_one_project(name='paged', level='ADMINISTER')['id'] == project
described = dxpy.describe(made[:3])
assert [one['name'] for one in described] == ['r000', 'r001', 'r002'], described
resolved = list(dxpy.resolve_data_objects([{'name': 'r001'}, {'name': 'absent'}], project, '/'))
assert [[one['id'] for one in some] for some in resolved] == [[made[1]], []], resolved
jobs = list(dxpy.find_executions(classname='job', project=dxpy.PROJECT_CONTEXT_ID, first_page_size=2, describe=True))
assert len(jobs) == len({one['id'] for one in jobs}) and all(one['describe']['class'] == 'job' for one in jobs), jobs
dxpy.api.project_destroy(project)
print('all found')
`);
    expect(reply.stdout + reply.stderr).toBe('all found\n');
  });
});
