// Tests in which project an execution runs, and which callers may run it there.

import { describe, expect, it } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import type { KnownCaller } from '../../core/identity/caller.ts';
import { newJobRow } from '../../core/job/row.ts';
import { chooseProject, dataBound, enterProject, type ProjectFacts } from '../../core/run/project-context.ts';

const own = deriveId('project', 'u', 'context', 'own');
const other = deriveId('project', 'u', 'context', 'other');
const applet = deriveId('applet', 'u', 'context', '1');
const user: KnownCaller = { kind: 'user', user: 'user-ada', tokenHash: '' };
const job: KnownCaller = {
  kind: 'job',
  user: 'user-ada',
  job: newJobRow({
    kind: 'master',
    id: deriveId('job', 'u', 'context', '1'),
    executable: applet,
    function: 'main',
    project: own,
    launchedBy: 'user-ada',
    instance: 'mem2_hdd2_x2',
    priority: 'normal',
    now: 1000,
    digest: 'd',
  }),
};
type Asked = { readonly project?: string; readonly detach?: boolean };

describe('the project that an execution runs in', () => {
  it.each<[string, KnownCaller, Asked, string]>([
    ['is the one that a user names', user, { project: other }, other],
    ['is its own for a job that names none', job, {}, own],
    ['is its own for a job that names it', job, { project: own }, own],
    ['is another one for a job that names it and detaches', job, { project: other, detach: true }, other],
  ])('%s', (_, caller, asked, project) => {
    expect(chooseProject(caller, asked)).toEqual({ project });
  });

  it.each<[string, KnownCaller, Asked, string]>([
    ['a user who does not name a project', user, {}, 'expected key "project" of input: the project to run in'],
    ['an id of another class', user, { project: applet }, `to be a project, not "${applet}"`],
    [
      'another project for a job that does not detach',
      job,
      { project: other },
      '"detach" starts a tree in another one',
    ],
  ])('is refused: %s', (_, caller, asked, message) => {
    const chosen = chooseProject(caller, asked);
    const expected = { type: 'InvalidInput', message: expect.stringContaining(message) };
    expect('refused' in chosen && chosen.refused).toMatchObject(expected);
  });
});

describe('running an executable in a project', () => {
  const facts = (part: Partial<ProjectFacts>): ProjectFacts => ({
    id: own,
    level: 'CONTRIBUTE',
    region: 'aws:us-east-1',
    settings: {},
    ...part,
  });

  it.each<[string, KnownCaller, Asked, Partial<ProjectFacts>, object]>([
    ['a user with CONTRIBUTE', user, {}, {}, { level: 'CONTRIBUTE' }],
    ['a job without access to its project', job, {}, { level: undefined }, { level: 'NONE' }],
    [
      'a job whose executable is not among the allowed ones',
      job,
      {},
      { settings: { allowedExecutables: [] } },
      { id: own },
    ],
    ['a user of an allowed executable', user, {}, { settings: { allowedExecutables: [applet] } }, { id: own }],
    [
      'any caller, on the default instance type of the project',
      user,
      {},
      { settings: { defaultInstanceType: 'x' } },
      { defaultInstanceType: 'x' },
    ],
    [
      'any caller, without a default instance type that is not a text',
      user,
      {},
      { settings: { defaultInstanceType: 5 } },
      { defaultInstanceType: undefined },
    ],
    ['a user who says that the run is detached', user, { detach: true }, {}, { level: 'CONTRIBUTE' }],
  ])('is possible for %s', (_, caller, asked, part, context) => {
    const expected = { id: own, region: 'aws:us-east-1', ...context };
    expect(enterProject(caller, asked, applet, facts(part))).toMatchObject(expected);
  });

  it.each<[string, KnownCaller, Asked, Partial<ProjectFacts>, string, string]>([
    ['a user with VIEW', user, {}, { level: 'VIEW' }, 'PermissionDenied', 'you have VIEW'],
    ['a user with VIEW, for running', user, {}, { level: 'VIEW' }, 'PermissionDenied', `run executables in ${own}`],
    ['a user with VIEW, and says what is needed', user, {}, { level: 'VIEW' }, 'PermissionDenied', 'CONTRIBUTE'],
    [
      'a user with VIEW who says that the run is detached',
      user,
      { detach: true },
      { level: 'VIEW' },
      'PermissionDenied',
      `run executables in ${own}`,
    ],
    ['a job with VIEW that detaches', job, { detach: true }, { level: 'VIEW' }, 'PermissionDenied', 'detachedJob'],
    ['a user who does not see the project', user, {}, { level: undefined }, 'ResourceNotFound', own],
    [
      'a job that detaches and does not see the project',
      job,
      { detach: true },
      { level: undefined },
      'ResourceNotFound',
      own,
    ],
    ['any caller, when the project does not exist', job, {}, { settings: undefined }, 'ResourceNotFound', own],
    [
      'any caller, when the region of the project is not known',
      job,
      {},
      { region: undefined },
      'ResourceNotFound',
      own,
    ],
    [
      'a user of an executable that is not allowed',
      user,
      {},
      { settings: { allowedExecutables: [] } },
      'PermissionDenied',
      '"allowedExecutables"',
    ],
    [
      'a job that detaches an executable that is not allowed',
      job,
      { detach: true },
      { settings: { allowedExecutables: [] } },
      'PermissionDenied',
      applet,
    ],
  ])('is refused for %s', (_, caller, asked, part, type, message) => {
    const entered = enterProject(caller, asked, applet, facts(part));
    expect('refused' in entered && entered.refused).toMatchObject({ type, message: expect.stringContaining(message) });
  });
});

it('data of a restricted project is refused elsewhere, whatever access the caller has', () => {
  const file = deriveId('file', 'u', 'context', '1');
  const message = `${file} is in a project that is restricted or in another region: it cannot be used in ${own}`;
  expect(dataBound(file, own)).toMatchObject({ type: 'PermissionDenied', message });
});
