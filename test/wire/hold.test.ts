// Tests the debug hold through the real dx: a job fails on purpose, is entered on this machine, and ends.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { givenPlatform, givenSession, type Platform, type Session } from './session.ts';

let platform: Platform;
let dx: Session;
let applet: string;

const code = `main() {
  echo "unfinished work" > note
  dx-jobutil-report-error "the reads are empty" AppError
}`;

beforeAll(async () => {
  platform = await givenPlatform();
  dx = await givenSession(platform);
  const runSpec = { interpreter: 'bash', code, distribution: 'Ubuntu', release: '24.04', version: '0' };
  const project = dx.environment.DX_PROJECT_CONTEXT_ID;
  const made = await dx.api('/applet/new', { project, name: 'fails', dxapi: '1.0.0', runSpec });
  applet = String(made.body.id);
});

afterAll(async () => {
  dx?.close();
  await platform?.stop();
});

const state = async (job: string) => String((await dx.api(`/${job}/describe`, { fields: { state: true } })).body.state);

async function reached(job: string, wanted: string): Promise<void> {
  await expect.poll(() => state(job), { timeout: 60_000, interval: 100 }).toBe(wanted);
}

const enter = (job: string, ...command: string[]) =>
  platform.espalier('enter', job, '--data', platform.data, ...(command.length === 0 ? [] : ['--', ...command]));

it('a run with --debug-on needs the key of "dx ssh_config", or the field itself', async () => {
  const refused = await dx.dx(['run', applet, '--debug-on', 'AppError', '-y', '--brief']);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr + refused.stdout).toMatch(/dx\s+ssh_config/);
  const field = JSON.stringify({ debug: { debugOn: ['AppError'] } });
  const job = await dx.ok(['run', applet, '--extra-args', field, '-y', '--brief']);
  await reached(job, 'debug_hold');
  expect(await enter(job, 'cat', 'note')).toMatchObject({ code: 0, stdout: 'unfinished work\n' });
  await dx.ok(['terminate', job]);
  await reached(job, 'terminated');
  const late = await enter(job, 'cat', 'note');
  expect(late).toMatchObject({ code: 1 });
  expect(late.stderr).toContain(`${job} is terminated; only a held job can be entered`);
});

it('a run with --debug-on All is held as soon as the user of the client goes on, can be entered, and fails when it is released', async () => {
  const printed = await dx.ok(['run', applet, '--debug-on', 'All', '-y', '--brief'], { input: 'y\n' });
  const job = /job-\w{24}/.exec(printed)?.[0] ?? printed;
  await reached(job, 'debug_hold');
  expect(await dx.ok(['describe', job])).toMatch(/State +debug_hold/);
  const seen = await enter(job, 'bash', '-c', 'echo "$DX_JOB_ID $PWD"; dx describe "$DX_JOB_ID" --json');
  expect(seen).toMatchObject({ code: 0 });
  expect(seen.stdout.split('\n')[0]).toMatch(new RegExp(`^${job} .*/home/dnanexus$`));
  expect(seen.stdout).toContain('"state": "debug_hold"');
  const made = await enter(job, 'bash', '-c', 'dx run "$0" -y --brief; dx upload note --brief', applet);
  expect(made.stderr).toContain('cannot start jobs any more');
  expect(made.stdout).toMatch(/^file-/m);
  expect(await dx.ok(['api', job, 'release'])).toContain(job);
  await reached(job, 'failed');
  const log = await dx.dx(['watch', job, '--no-timestamps']);
  expect(log.stdout).toContain('The job failed with AppError: the reads are empty');
  expect(log.stdout).toContain(`To enter it: espalier enter ${job}`);
  expect(log.code).toBe(3);
});

it('a run that asks for SSH is refused with the way in', async () => {
  const reply = await dx.dx(['run', applet, '--extra-args', '{"allowSSH": ["*"]}', '-y', '--brief']);
  expect(reply.code).not.toBe(0);
  expect(reply.stderr).toContain('jobs cannot be reached by SSH');
  expect(reply.stderr).toContain('--debug-on All');
});

it('a job that runs cannot be entered', async () => {
  const runSpec = { interpreter: 'bash', code: 'main() { sleep 600; }', distribution: 'Ubuntu', release: '24.04' };
  const project = dx.environment.DX_PROJECT_CONTEXT_ID;
  const made = await dx.api('/applet/new', { project, name: 'waits', dxapi: '1.0.0', runSpec });
  const job = await dx.ok(['run', String(made.body.id), '-y', '--brief']);
  await reached(job, 'running');
  const reply = await enter(job);
  expect(reply.code).toBe(1);
  expect(reply.stderr).toContain(
    `${job} is running; only a held job can be entered: run it with "dx run --debug-on All"`,
  );
  await dx.ok(['terminate', job]);
  await reached(job, 'terminated');
});

it('what is not a job is refused', async () => {
  expect((await enter('fails')).stderr).toContain('"fails" is not the id of a job');
  expect((await enter(`job-${'0'.repeat(24)}`)).stderr).toContain('There is no job-');
});
