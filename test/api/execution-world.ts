// A platform in memory for tests of executions: users, projects, applets and files, and calls by every user or job.

import { authenticate } from '../../api/authenticate.ts';
import { routes } from '../../api/routes.ts';
import { serve } from '../../api/serve.ts';
import type { Level } from '../../core/access/level.ts';
import { bundledObjects, checkApplet } from '../../core/executable/check-applet.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { AppletId, FileId, JobId, ProjectId, UserId } from '../../core/id/identifier.ts';
import type { Caller } from '../../core/identity/caller.ts';
import type { Hash } from '../../core/reference/value.ts';
import { createProject, setMember } from '../../engine/container/project.ts';
import { createUser } from '../../engine/identity/user.ts';
import type { Claimed } from '../../engine/job/claim.ts';
import { createObject } from '../../engine/object/create.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { createMemoryPlatform, type MemoryPlatform, type Program } from '../memory/platform.ts';

type Answer = { readonly status: number; readonly body: Hash };
export type World = {
  readonly context: MemoryContext;
  readonly platform: MemoryPlatform;
  /** Programs by entry point. An entry point without a program returns an empty output. */
  readonly programs: Map<string, Program>;
  call(path: string, input?: object, as?: UserId | Caller): Promise<Answer>;
  /** Makes a call that must succeed, and returns the body of its answer. */
  must(path: string, input?: object, as?: UserId | Caller): Promise<Hash>;
};

export const alice: UserId = 'user-alice';
export const bob: UserId = 'user-bob';

/** A platform with the users Alice and Bob, and nothing else. */
export async function givenWorld(): Promise<World> {
  const context = createMemoryContext();
  const programs = new Map<string, Program>();
  const platform = createMemoryPlatform(context, (claimed) => {
    const program = programs.get(claimed.row.function);
    return program === undefined ? { output: {} } : program(claimed);
  });
  await createUser(context, { handle: 'alice' });
  await createUser(context, { handle: 'bob' });
  const call = async (path: string, input: object = {}, as: UserId | Caller = alice): Promise<Answer> => {
    const caller: Caller = typeof as === 'string' ? { kind: 'user', user: as, tokenHash: 'hash' } : as;
    const json = JSON.parse(JSON.stringify(input));
    const { status, text } = await serve(context, { path, caller, input: json, headers: {} }, routes);
    return { status, body: JSON.parse(text) };
  };
  const must = async (path: string, input: object = {}, as: UserId | Caller = alice): Promise<Hash> => {
    const { status, body } = await call(path, input, as);
    if (status !== 200) throw new Error(`${path}: ${JSON.stringify(body)}`);
    return body;
  };
  return { context, platform, programs, call, must };
}

/** A project of Alice, with the given members. */
export async function givenProject(
  { context }: World,
  options: {
    readonly members?: readonly [UserId, Level][];
    readonly settings?: { readonly [name: string]: boolean };
  } = {},
): Promise<ProjectId> {
  const id = await createProject(context, {
    name: 'a project',
    summary: '',
    description: '',
    settings: options.settings ?? {},
    tags: [],
    properties: {},
    createdBy: alice,
    billTo: alice,
  });
  for (const [user, level] of options.members ?? []) await setMember(context, id, user, level);
  return id;
}

/** An applet with the name `stats`, unless the body gives another. */
export async function givenApplet(world: World, project: ProjectId, body: Hash = {}): Promise<AppletId> {
  const checked = checkApplet({ runSpec: { interpreter: 'bash', code: '' }, ...body }, 'aws:us-east-1');
  if ('problems' in checked) throw new Error(checked.problems.join('; '));
  const id = deriveId('applet', 'test', project, `${JSON.stringify(body)}${counter++}`);
  const links = bundledObjects(checked.spec.runSpec);
  const name = typeof body.name === 'string' ? body.name : 'stats';
  await createObject(world.context, { ...objectFacts(project), id, name, links, spec: checked.spec });
  return id;
}

/** A file without content, closed unless `state` says otherwise. */
export async function givenFile(
  { context }: World,
  project: ProjectId,
  state: 'open' | 'closed' = 'closed',
): Promise<FileId> {
  const id = deriveId('file', 'test', project, String(counter++));
  await createObject(context, { ...objectFacts(project), id, name: `file ${counter}`, links: [], state });
  return id;
}

/** The caller of requests with the token of this claim. */
export function asJob({ context }: World, claimed: Claimed): Promise<Caller> {
  return authenticate(context, `Bearer ${claimed.token}`);
}

/** Runs an applet and returns the job's id. */
export async function run(world: World, applet: AppletId, input: object, as?: UserId | Caller): Promise<JobId> {
  return (await world.must(`/${applet}/run`, input, as)).id as JobId;
}

function objectFacts(place: ProjectId) {
  return {
    place,
    folderId: '/',
    tags: [],
    types: [],
    properties: {},
    hidden: false,
    details: {},
    state: 'closed' as const,
    createdBy: { user: alice },
    digest: 'digest',
  };
}

let counter = 0;
