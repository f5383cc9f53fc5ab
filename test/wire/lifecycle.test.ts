// Tests restarts by policy, tries, limits of time and the end of trees through the real client.

import { describe, expect, it, vi } from 'vitest';
import { givenBuilt, givenSession } from './session.ts';
import { platform, session, useSession } from './shared-session.ts';

// Each test waits for several tries, and each of them calls dx in its job.
vi.setConfig({ testTimeout: 150_000 });

useSession();

type Job = { readonly [field: string]: unknown } & { readonly id: string; readonly state: string };
const describeJob = async (id: string, ...more: string[]): Promise<Job> =>
  JSON.parse(await session.ok(['describe', id, '--json', ...more]));
const findTree = async (origin: string, ...more: string[]): Promise<Job[]> =>
  JSON.parse(await session.ok(['find', 'jobs', '--origin', origin, '--json', ...more]));
const run = (name: string, ...more: string[]) => session.ok(['run', name, '-y', '--brief', ...more]);
const policy = (executionPolicy: object) => ['--extra-args', JSON.stringify({ executionPolicy })];
async function untilRunning(origin: string, count: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while ((await findTree(origin, '--state', 'running')).length < count) {
    if (Date.now() > deadline) throw new Error(`${count} jobs of ${origin} should be running by now`);
  }
}

/** Bash that knows the number of its try. */
const tryNumber =
  'dx describe "$DX_JOB_ID" --json | python3 -c \'import json, sys; print(json.load(sys.stdin)["try"])\'';

describe('a policy', () => {
  it('starts a job again for a reason that it names, and every try is kept', async () => {
    await givenBuilt(session, 'second-time', {
      code: `main() { n=$(${tryNumber}); echo "this is try $n"; [ "$n" = 1 ] || exit 7; dx-jobutil-add-output n "$n" --class int; }`,
      outputSpec: [{ name: 'n', class: 'int' }],
    });
    const id = await run('second-time', ...policy({ restartOn: { AppInternalError: 2 } }));
    await session.ok(['wait', id]);
    expect(await describeJob(id)).toMatchObject({
      state: 'done',
      try: 1,
      output: { n: 1 },
      failureCounts: { AppInternalError: 1 },
      executionPolicy: { restartOn: { AppInternalError: 2 } },
    });
    expect(await describeJob(id, '--try', '0')).toMatchObject({
      id,
      try: 0,
      state: 'restarted',
      failureReason: 'AppInternalError',
      output: null,
    });
    const tries = await findTree(id, '--include-restarted');
    expect(tries.map((one) => [one.try, one.state])).toEqual([
      [1, 'done'],
      [0, 'restarted'],
    ]);
    expect(await findTree(id)).toHaveLength(1);
    const watched = await session.dx(['watch', id, '--try', '0']);
    expect(watched.stdout).toContain('this is try 0');
    expect(watched.stdout).not.toContain('this is try 1');
  });

  it('is out of retries when its number is reached, and then the whole tree fails', async () => {
    await givenBuilt(session, 'never-well', {
      code: 'main() { child=$(dx-jobutil-new-job bad); dx-jobutil-add-output n "$child:n" --class jobref; }\nbad() { exit 3; }',
      outputSpec: [{ name: 'n', class: 'int' }],
    });
    const id = await run('never-well', ...policy({ restartOn: { '*': 5 }, maxRestarts: 1 }));
    expect((await session.dx(['wait', id])).code).toBe(3);
    expect(await describeJob(id)).toMatchObject({
      state: 'failed',
      try: 1,
      failureReason: 'JobTreeFailure',
      failureFrom: { function: 'bad', failureReason: 'AppInternalError' },
    });
    const jobs = await findTree(id, '--include-restarted');
    const bad = jobs.filter((job) => job.function === 'bad');
    expect(bad.map((job) => [job.parentJobTry, job.state]).sort()).toEqual([
      [0, 'failed'],
      [1, 'failed'],
    ]);
  });

  it('does not start a job again for a reason that it does not name', async () => {
    await givenBuilt(session, 'once', { code: 'main() { dx-jobutil-report-error "the reads are empty"; }' });
    const id = await run('once', ...policy({ restartOn: { '*': 3 } }));
    expect((await session.dx(['wait', id])).code).toBe(3);
    expect(await describeJob(id)).toMatchObject({ state: 'failed', try: 0, failureReason: 'AppError' });
  });

  it('gives the next try its input as it was, though the file was removed from the project', async () => {
    await givenBuilt(session, 'keeps-input', {
      code: [
        'main() {',
        `  if [ "$(${tryNumber})" = 0 ]; then dx rm "$DX_PROJECT_CONTEXT_ID:/soon-gone.txt"; exit 1; fi`,
        '  dx-jobutil-add-output text "$(dx cat "$source")" --class string',
        '}',
      ].join('\n'),
      inputSpec: [{ name: 'source', class: 'file' }],
      outputSpec: [{ name: 'text', class: 'string' }],
      access: { project: 'CONTRIBUTE' },
    });
    session.file('soon-gone.txt', 'still here');
    await session.ok(['upload', 'soon-gone.txt', '--wait', '--brief', '--path', '/soon-gone.txt']);
    const id = await run('keeps-input', '-isource=/soon-gone.txt', ...policy({ restartOn: { '*': 1 } }));
    await session.ok(['wait', id]);
    expect(await describeJob(id)).toMatchObject({ state: 'done', try: 1, output: { text: 'still here' } });
    expect((await session.dx(['ls', '/soon-gone.txt'])).code).not.toBe(0);
  });

  it('with restartableEntryPoints starts a subjob again without its master', async () => {
    await givenBuilt(session, 'alone', {
      code: [
        'main() { child=$(dx-jobutil-new-job part); dx-jobutil-add-output n "$child:n" --class jobref; }',
        `part() { n=$(${tryNumber}); [ "$n" = 1 ] || exit 1; dx-jobutil-add-output n "$n" --class int; }`,
      ].join('\n'),
      outputSpec: [{ name: 'n', class: 'int' }],
      runSpec: { restartableEntryPoints: 'all', executionPolicy: { restartOn: { AppInternalError: 1 } } },
    });
    const id = await run('alone');
    await session.ok(['wait', id]);
    expect(await describeJob(id)).toMatchObject({ state: 'done', try: 0, output: { n: 1 } });
    const jobs = await findTree(id);
    expect(jobs.map((job) => [job.function, job.try]).sort()).toEqual([
      ['main', 0],
      ['part', 1],
    ]);
  });
});

describe('a limit of time', () => {
  it('ends a job with JobTimeoutExceeded, and a policy may start it again', async () => {
    await givenBuilt(session, 'slow', {
      code: `main() { [ "$(${tryNumber})" = 1 ] || sleep 600; }`,
      runSpec: { timeoutPolicy: { main: { minutes: 0.1 }, '*': { hours: 1 } } },
    });
    const [again, once] = [await run('slow', ...policy({ restartOn: { JobTimeoutExceeded: 1 } })), await run('slow')];
    await session.ok(['wait', again]);
    expect(await describeJob(again)).toMatchObject({
      state: 'done',
      try: 1,
      timeout: 6_000,
      failureCounts: { JobTimeoutExceeded: 1 },
    });
    expect((await session.dx(['wait', once])).code).toBe(3);
    expect(await describeJob(once)).toMatchObject({ state: 'failed', failureReason: 'JobTimeoutExceeded' });
  });
});

describe('states and ends', () => {
  it('a job that waits for nothing goes from runnable through running to done', async () => {
    await givenBuilt(session, 'plain', { code: 'main() { :; }' });
    const id = await run('plain');
    await session.ok(['wait', id]);
    const { stateTransitions } = (await describeJob(id)) as Job & { stateTransitions: { newState: string }[] };
    expect(stateTransitions.map(({ newState }) => newState)).toEqual(['runnable', 'running', 'done']);
  });

  it('dx terminate of a subjob by an administrator ends the tree, and every member names the user', async () => {
    await givenBuilt(session, 'endless', {
      code: 'main() { dx-jobutil-new-job more; sleep 600; }\nmore() { sleep 600; }',
    });
    const id = await run('endless');
    await untilRunning(id, 2);
    await platform.espalier('user', 'add', 'bob', '--data', platform.data);
    const bob = await givenSession(platform, { user: 'bob' });
    try {
      const project = String(session.environment.DX_PROJECT_CONTEXT_ID);
      expect((await bob.dx(['terminate', id])).stderr).toMatch(/ResourceNotFound/);
      await session.ok(['invite', 'bob', project, 'VIEW']);
      expect((await bob.dx(['terminate', id])).stderr).toMatch(/PermissionDenied/);
      await session.ok(['invite', 'bob', project, 'ADMINISTER']);
      const more = (await findTree(id)).find((job) => job.function === 'more');
      const before = Date.now();
      expect(await bob.dx(['terminate', String(more?.id)])).toMatchObject({ code: 0 });
      await session.dx(['wait', id]);
      expect(Date.now() - before).toBeLessThan(30_000);
    } finally {
      bob.close();
    }
    const jobs = await findTree(id);
    expect(jobs).toHaveLength(2);
    for (const job of jobs) {
      expect(job).toMatchObject({ state: 'terminated', failureReason: 'Terminated' });
      expect(job.failureMessage).toContain('user-bob');
    }
  });
});

describe('what a job may not read', () => {
  it('an output that refers to a job of another user fails, and shows nothing of it', async () => {
    await givenBuilt(session, 'secret', {
      code: 'main() { dx-jobutil-add-output password "first-tenant" --class string; }',
      outputSpec: [{ name: 'password', class: 'string' }],
    });
    const secret = await run('secret');
    await session.ok(['wait', secret]);
    await platform.espalier('user', 'add', 'eve', '--data', platform.data);
    const eve = await givenSession(platform, { user: 'eve' });
    try {
      const project = (await eve.ok(['new', 'project', 'eves', '--brief'])).trim();
      const thief = {
        code: `main() { dx-jobutil-add-output stolen "${secret}:password" --class jobref; }`,
        outputSpec: [{ name: 'stolen', class: 'string' }],
      };
      await givenBuilt(eve, 'thief', thief, '--destination', `${project}:/`);
      const id = await eve.ok(['run', `${project}:/thief`, '--project', project, '-y', '--brief']);
      expect((await eve.dx(['wait', id])).code).toBe(3);
      const described = await eve.ok(['describe', id, '--json']);
      expect(JSON.parse(described)).toMatchObject({ state: 'failed', failureReason: 'OutputError' });
      expect(described).not.toContain('first-tenant');
    } finally {
      eve.close();
    }
  });
});
