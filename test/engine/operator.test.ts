// The requests of the owner of a machine: users, passwords, tokens and jobs, as the API sees them afterwards.

import { beforeEach, describe, expect, it } from 'vitest';
import { checkPassword, removeUser } from '../../engine/identity/user.ts';
import { operate } from '../../engine/operator/operate.ts';
import { type Client, givenClient } from '../api/given.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';

let context: MemoryContext;
beforeEach(() => {
  context = createMemoryContext({ seed: 1 });
});

const clientOf = (token: string): Client => givenClient(context, `Bearer ${token}`);
const isValid = async (token: string) => (await clientOf(token).send('/system/whoami')).status === 200;

async function givenUser(name: string) {
  const added = await operate(context, { action: 'addUser', name });
  if ('refusal' in added) throw new Error(added.refusal);
  return added;
}

async function tokenOf(name: string, more: { label?: string; days?: number } = {}): Promise<string> {
  const issued = await operate(context, { action: 'issueToken', name, ...more });
  if ('refusal' in issued) throw new Error(issued.refusal);
  return issued.token;
}

describe('users', () => {
  it('are listed by their names', async () => {
    for (const name of ['bob', 'ada']) await givenUser(name);
    const { now: created } = context.clock;
    expect(await operate(context, { action: 'listUsers' })).toEqual({
      users: [
        { name: 'ada', created },
        { name: 'bob', created },
      ],
    });
  });

  it('get another password, and the old one is wrong from then on', async () => {
    const { password: old = '' } = await givenUser('ada');
    const random = await operate(context, { action: 'setPassword', name: 'ada' });
    if ('refusal' in random) throw new Error(random.refusal);
    expect(await checkPassword(context, 'ada', old)).toBeUndefined();
    expect(await checkPassword(context, 'ada', random.password)).toBe('user-ada');
    await operate(context, { action: 'setPassword', name: 'ada', password: 'of my own' });
    expect(await checkPassword(context, 'ada', 'of my own')).toBe('user-ada');
    expect(await operate(context, { action: 'setPassword', name: 'ada', password: '' })).toHaveProperty('refusal');
    expect(await checkPassword(context, 'ada', 'of my own')).toBe('user-ada');
  });

  it('get no password when they are removed meanwhile', async () => {
    await givenUser('ada');
    const { rows } = context;
    const removing: typeof rows = {
      ...rows,
      async update(...change) {
        await removeUser(context, 'user-ada');
        return rows.update(...change);
      },
    };
    const answer = await operate({ ...context, rows: removing }, { action: 'setPassword', name: 'ada' });
    expect(answer).toEqual({ refusal: expect.stringContaining('There is no user "ada"') });
  });

  it('are not removed while they alone administer a project, and nothing changes', async () => {
    const { token, project } = await givenUser('ada');
    const answer = await operate(context, { action: 'removeUser', name: 'ada', withProjects: false });
    expect(answer).toEqual({ refusal: expect.stringContaining(`Nobody but "ada" administers the project ${project}`) });
    expect(await isValid(token)).toBe(true);
  });

  it('are removed with their tokens and their own projects, and shared projects stay', async () => {
    const ada = await givenUser('ada');
    const bob = await givenUser('bob');
    const shared = (await clientOf(bob.token).call('/project/new', { name: 'shared' })).id;
    await clientOf(bob.token).call(`/${shared}/invite`, { invitee: 'user-ada', level: 'CONTRIBUTE' });
    const session = await tokenOf('ada');
    expect(await operate(context, { action: 'removeUser', name: 'ada', withProjects: true })).toEqual({
      removed: 'user-ada',
      destroyed: [ada.project],
    });
    expect([await isValid(ada.token), await isValid(session)]).toEqual([false, false]);
    expect(await checkPassword(context, 'ada', ada.password ?? '')).toBeUndefined();
    const { permissions } = await clientOf(bob.token).call(`/${shared}/describe`, { fields: { permissions: true } });
    expect(permissions).toEqual({ 'user-bob': 'ADMINISTER' });
    expect(await operate(context, { action: 'listUsers' })).toMatchObject({ users: [{ name: 'bob' }] });
    // Another user of that name owns nothing of it.
    const again = await givenUser('ada');
    expect(await clientOf(again.token).refusal(`/${shared}/describe`)).toMatch(/^(401|404)/);
  });

  it('leave no right in apps to a later user of their name', async () => {
    const [ada, bob] = [await givenUser('ada'), await givenUser('bob')];
    const runSpec = { interpreter: 'bash', code: 'true', distribution: 'Ubuntu', release: '24.04', version: '0' };
    const made = { inputSpec: [], outputSpec: [], runSpec, name: 'count' };
    for (const [user, name] of [
      [ada, 'adas'],
      [bob, 'bobs'],
    ] as const) {
      const client = clientOf(user.token);
      const applet = (await client.call('/applet/new', { project: user.project, ...made })).id;
      const { id } = await client.call('/app/new', { name, version: '1.0.0', applet });
      await client.call(`/${id}/publish`);
    }
    await clientOf(bob.token).call('/app-bobs/addDevelopers', { developers: ['user-ada'] });
    await clientOf(ada.token).call('/app-adas/addAuthorizedUsers', { authorizedUsers: ['user-bob'] });
    await clientOf(ada.token).call('/app-bobs/install');
    await operate(context, { action: 'removeUser', name: 'ada', withProjects: true });
    const again = clientOf((await givenUser('ada')).token);
    for (const app of ['app-adas', 'app-bobs']) expect(await again.refusal(`/${app}/describe`)).toMatch(/^404/);
    expect((await again.call('/system/findApps', { installed: true })).results).toEqual([]);
    const fields = { installs: true, name: true };
    expect(await clientOf(bob.token).call('/app-bobs/describe', { fields })).toEqual({ installs: 0, name: 'bobs' });
    expect((await clientOf(bob.token).call('/app-bobs/listDevelopers')).developers).toEqual(['user-bob']);
    expect(await clientOf(bob.token).call('/app-adas/describe', { fields })).toMatchObject({ name: 'adas' });
  });

  it('are removed by a repetition when the first removal was interrupted', async () => {
    const { token } = await givenUser('ada');
    context.setHook({
      before: ({ name, detail }) => {
        if (name === 'delete' && detail.includes('token#')) throw new Error('the store is away');
      },
    });
    const remove = { action: 'removeUser', name: 'ada', withProjects: true } as const;
    await expect(operate(context, remove)).rejects.toThrow('the store is away');
    context.setHook({});
    expect(await operate(context, remove)).toMatchObject({ removed: 'user-ada' });
    expect(await isValid(token)).toBe(false);
  });

  it('that do not exist are refused by name', async () => {
    for (const action of ['issueToken', 'listTokens', 'setPassword'] as const) {
      expect(await operate(context, { action, name: 'eve' })).toEqual({
        refusal: 'There is no user "eve": add one with "espalier user add eve".',
      });
    }
  });
});

describe('tokens', () => {
  it('are listed by ids that give no access, and end by the id or by the token', async () => {
    await givenUser('ada');
    context.clock.now += 1_000;
    const first = await tokenOf('ada', { label: 'nightly', days: 2 });
    const second = await tokenOf('ada');
    const listed = await operate(context, { action: 'listTokens', name: 'ada' });
    if ('refusal' in listed) throw new Error(listed.refusal);
    const nightly = listed.tokens.find(({ label }) => label === 'nightly');
    expect(listed.tokens).toHaveLength(3);
    expect(nightly).toMatchObject({ created: context.clock.now, expiresAt: context.clock.now + 2 * 86_400_000 });
    expect(await isValid(nightly?.id ?? '')).toBe(false);

    const revoked = { revoked: nightly };
    const prefix = nightly?.id.slice(0, 12) ?? '';
    expect(await operate(context, { action: 'revokeToken', name: 'ada', token: prefix })).toEqual(revoked);
    expect([await isValid(first), await isValid(second)]).toEqual([false, true]);
    expect(await operate(context, { action: 'revokeToken', name: 'ada', token: second })).toHaveProperty('revoked');
    expect(await isValid(second)).toBe(false);
    expect(await operate(context, { action: 'listTokens', name: 'ada' })).toMatchObject({
      tokens: [{ label: 'espalier user add' }],
    });
  });

  it('of other users, of several beginnings and of none are not revoked', async () => {
    const bob = await givenUser('bob');
    await givenUser('ada');
    for (const token of [bob.token, '', 'x']) {
      expect(await operate(context, { action: 'revokeToken', name: 'ada', token })).toHaveProperty('refusal');
    }
    expect(await isValid(bob.token)).toBe(true);
  });

  it('that have expired are not listed', async () => {
    await givenUser('ada');
    await tokenOf('ada', { days: 1 });
    context.clock.now += 86_400_000;
    expect(await operate(context, { action: 'listTokens', name: 'ada' })).toMatchObject({
      tokens: [{ label: 'espalier user add' }],
    });
  });
});
