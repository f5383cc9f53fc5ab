// Builds applets as other people publish them with the real `dx`, on a platform of their region, and runs some.

import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  givenApplet,
  givenBuilt,
  givenPlatform,
  givenSession,
  type Platform,
  runtimeFlags,
  type Session,
} from './session.ts';

const region = 'aws:eu-west-2';
let platform: Platform;
let session: Session;

beforeAll(async () => {
  const isDeployed = runtimeFlags.length > 0;
  platform = await givenPlatform({ args: isDeployed ? [] : ['--region', region] });
  session = await givenSession(platform);
  const named = isDeployed ? ['--region', region] : [];
  await session.ok(['new', 'project', 'foreign', ...named]);
});

afterAll(async () => {
  session.close();
  await platform.stop();
});

test('a project of the region is described with it', async () => {
  expect(JSON.parse(await session.ok(['describe', '--json', 'foreign:']))).toMatchObject({ region });
});

test('options for this region only, with a type that is larger than any worker, run on the nearest size', async () => {
  const systemRequirements = { '*': { instanceType: 'mem3_ssd1_v2_x16' } };
  const applet = {
    code: 'main() { dx-jobutil-add-output said "$word" --class string; }',
    inputSpec: [{ name: 'word', class: 'string', default: false, optional: true }],
    outputSpec: [{ name: 'said', class: 'string' }],
    regionalOptions: { [region]: { systemRequirements } },
  };
  await givenBuilt(session, 'london', applet, '-d', 'foreign:');
  const job = await session.ok(['run', 'foreign:london', '-iword=hey', '-y', '--brief', '--project', 'foreign']);
  await session.ok(['wait', job]);
  expect(JSON.parse(await session.ok(['describe', '--json', job]))).toMatchObject({
    ...{ region, state: 'done', instanceType: 'mem3_ssd1_v2_x16', output: { said: 'hey' } },
    instanceTypeNote: expect.stringContaining('larger than any worker'),
  });
  const log = await session.ok(['watch', job, '--quiet']);
  expect(
    log.match(/mem3_ssd1_v2_x16 \(16 cores, 128 GiB\) is larger than any worker: the job has a worker of at most/g),
  ).toHaveLength(1);
});

test('options for other regions only are refused by dx itself', async () => {
  givenApplet(session, 'elsewhere', { code: 'main() { :; }', regionalOptions: { 'azure:westus': {} } });
  const built = await session.dx(['build', 'elsewhere', '-d', 'foreign:']);
  expect([built.code, built.stderr]).toEqual([3, expect.stringContaining('do not contain this region')]);
});

test.each([
  ['python2.7', { interpreter: 'python2.7', release: '14.04' }],
  ['python3.5', { interpreter: 'python3.5', release: '16.04' }],
])('code for %s is built, and its run is refused with what is possible', async (name, runSpec) => {
  await givenBuilt(session, name, { code: 'import dxpy\n', runSpec }, '-d', 'foreign:');
  const run = await session.dx(['run', `foreign:${name}`, '-y', '--brief', '--project', 'foreign']);
  expect(run.code).toBe(3);
  expect(run.stderr).toContain(`needs ${name}, which no worker of this platform has. Port the code to python3`);
});
