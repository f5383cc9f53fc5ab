// Runs of apps through the real client: by a second user, from a job, as a stage of a workflow, and again from a job.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { givenApplet, givenPlatform, givenSession, type Platform, type Session } from './session.ts';

let platform: Platform;
let alice: Session;
let bob: Session;
beforeAll(async () => {
  platform = await givenPlatform();
  await platform.espalier('user', 'add', 'bob', '--data', platform.data);
  alice = await givenSession(platform);
  bob = await givenSession(platform, { user: 'bob' });
  await givenApp('greet', greet);
  await givenApp('relay', relay);
});
afterAll(async () => {
  alice?.close();
  bob?.close();
  await platform?.stop();
});

const greet = {
  version: '1.0.0',
  inputSpec: [
    { name: 'name', class: 'string' },
    { name: 'letter', class: 'file', optional: true },
  ],
  outputSpec: [
    { name: 'greeting', class: 'string' },
    { name: 'answer', class: 'file' },
  ],
  runSpec: { executionPolicy: { restartOn: { AppInternalError: 1 } } },
  code: `
main() {
  if [ "$name" = Sight ]; then
    for place in "$DX_PROJECT_CONTEXT_ID" "$DX_RESOURCES_ID" "$DX_PROJECT_CACHE_ID"; do
      echo "sees $(dx api "$place" describe '{"fields": {"level": true}}' 2>&1 | grep -Eo 'VIEW|CONTRIBUTE|ResourceNotFound' | head -1)"
    done
  fi
  if [ "$name" = Twice ] && ! dx describe "$DX_PROJECT_CACHE_ID:tried" > /dev/null 2>&1; then
    dx new record "$DX_PROJECT_CACHE_ID:tried" --close --brief
    exit 1
  fi
  echo "Hello $name" > answer.txt
  if [ -n "$letter" ]; then dx cat "$letter" >> answer.txt; fi
  dx-jobutil-add-output greeting "Hello $name"
  dx-jobutil-add-output answer "$(dx upload answer.txt --brief)" --class file
}`,
};
const relay = {
  ...{ version: '1.0.0', interpreter: 'python3' as const },
  inputSpec: [{ name: 'name', class: 'string' }],
  outputSpec: [{ name: 'greeting', class: 'string' }],
  code: `
import dxpy

@dxpy.entry_point('main')
def main(name):
    job = dxpy.DXApp(name='greet').run({'name': name})
    return {'greeting': job.get_output_ref('greeting')}
`,
};

/** An app of Alice, published for Bob. */
async function givenApp(name: string, source: Parameters<typeof givenApplet>[2]): Promise<void> {
  givenApplet(alice, name, { ...source, authorizedUsers: ['user-bob'] });
  await alice.ok(['build', '--app', name, '--publish']);
}

async function run(session: Session, ...args: string[]) {
  const job = await session.ok(['run', ...args, '-y', '--brief']);
  await session.dx(['wait', job]);
  return JSON.parse(await session.ok(['describe', job, '--json']));
}

it('an app is run by name, by version and by id by a user who does not see its applet', async () => {
  const { id, applet } = JSON.parse(await bob.ok(['describe', 'app-greet', '--json']));
  expect((await bob.dx(['describe', applet])).code).not.toBe(0);
  bob.file('letter.txt', 'Dear Alice\n');
  const letter = await bob.ok(['upload', 'letter.txt', '--brief', '--wait']);
  for (const name of ['greet', 'app-greet/1.0.0', id]) {
    const job = await run(bob, name, '-iname=Ada', `-iletter=${letter}`, '--folder', '/out');
    expect(job).toMatchObject({ state: 'done', app: id, executableName: 'greet', output: { greeting: 'Hello Ada' } });
    expect(await bob.ok(['cat', job.output.answer.$dnanexus_link])).toBe('Hello Ada\nDear Alice');
  }
  expect((await bob.ok(['ls', '/out'])).split('\n').filter((line) => line.startsWith('answer.txt'))).toHaveLength(3);
}, 150_000);

it('its job does not see the project, reads its resources and writes into the project cache', async () => {
  const job = await bob.ok(['run', 'greet', '-iname=Sight', '-y', '--brief']);
  const log = await bob.ok(['watch', job, '--format', '{msg}', '--quiet']);
  const seen = log.split('\n').filter((line) => line.startsWith('sees '));
  expect(seen).toEqual(['sees ResourceNotFound', 'sees VIEW', 'sees CONTRIBUTE']);
  const described = await bob.ok(['describe', job]);
  expect(described).toMatch(/^Cache workspace +container-\w{24}$/m);
  expect(described).toMatch(/^Resources +container-\w{24}$/m);
});

it('a job that fails restarts as the app says, and finds what its first try left in the cache', async () => {
  expect(await run(bob, 'greet', '-iname=Twice')).toMatchObject({
    state: 'done',
    try: 1,
    failureCounts: { AppInternalError: 1 },
  });
});

it('a run is repeated with --clone, on another machine, and found by its app', async () => {
  const first = await run(bob, 'greet/1.0.0', '-iname=Ada', '--instance-type', 'mem1_ssd1_v2_x2');
  const again = await run(
    bob,
    '--clone',
    first.id,
    '-iname=Bob',
    '--instance-type-by-executable',
    '{"app-greet":{"*":"mem1_ssd1_v2_x4"}}',
  );
  expect(again).toMatchObject({ app: first.app, instanceType: 'mem1_ssd1_v2_x4', output: { greeting: 'Hello Bob' } });
  const found = await bob.ok(['find', 'jobs', '--executable', first.app, '--brief', '-n', '2']);
  expect(found.split('\n')).toEqual([again.id, first.id]);
});

it('a job of an app runs another app by its name', async () => {
  const job = await run(bob, 'relay', '-iname=Eve');
  expect(job).toMatchObject({ state: 'done', output: { greeting: 'Hello Eve' } });
  const jobs = JSON.parse(await bob.ok(['find', 'jobs', '--origin', job.id, '--json']));
  expect(jobs).toMatchObject([
    { executableName: 'relay', parentJob: null },
    { executableName: 'greet', parentJob: job.id },
  ]);
});

it('an app is a stage of a workflow, and stays the same in an analysis', async () => {
  await bob.ok(['new', 'workflow', 'pair', '--brief']);
  await bob.ok(['add', 'stage', 'pair', 'app-greet', '--id', 'a', '-iname=Ada']);
  const linked = JSON.stringify({ name: { $dnanexus_link: { stage: 'a', outputField: 'greeting' } } });
  await bob.ok(['add', 'stage', 'pair', 'app-greet', '--alias', '1.0.0', '--id', 'b', '-j', linked]);
  const analysis = await run(bob, 'pair');
  expect(analysis).toMatchObject({ state: 'done', output: { 'b.greeting': 'Hello Hello Ada' } });
  const { id } = JSON.parse(await bob.ok(['describe', 'app-greet', '--json']));
  const { stages } = analysis.workflow as { stages: { executable: string }[] };
  expect(stages.map(({ executable }) => executable)).toEqual([id, id]);
});

it('a stage whose app one may not run is shown as inaccessible, and the workflow is not run', async () => {
  givenApplet(alice, 'secret', { ...greet });
  await alice.ok(['build', '--app', 'secret']);
  const project = await alice.ok(['new', 'project', 'shared', '--brief']);
  await alice.ok(['new', 'workflow', `${project}:hidden`, '--brief']);
  await alice.ok(['add', 'stage', `${project}:hidden`, 'app-secret', '--id', 'a', '-iname=Ada']);
  await alice.ok(['invite', 'user-bob', project, 'CONTRIBUTE']);
  const workflow = JSON.parse(await bob.ok(['describe', `${project}:hidden`, '--json']));
  expect(workflow.stages).toMatchObject([{ id: 'a', accessible: false }]);
  const { code, stderr } = await bob.dx(['run', workflow.id, '-y', '--project', project]);
  expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining('inaccessible')]);
  expect(code).not.toBe(0);
  expect((await bob.api(`/${workflow.id}/run`, { project, input: {} })).body).toMatchObject({
    error: { type: 'PermissionDenied', message: expect.stringMatching(/^stage a: /) },
  });
});
