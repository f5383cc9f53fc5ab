// The beginnings of API tests: a platform in memory, users with tokens, projects, and files with bytes.

import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { authenticate } from '../../api/authenticate.ts';
import { routes } from '../../api/routes.ts';
import { type Reply, serve } from '../../api/serve.ts';
import { issueToken } from '../../engine/identity/token.ts';
import { createUser } from '../../engine/identity/user.ts';
import { doWork } from '../../engine/work.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';

/** The body of a success: the fields that tests read with their types, and all others. */
export type Answer = {
  readonly id: string;
  readonly url: string;
  readonly folders: string[];
  readonly objects: { readonly id: string; readonly describe: { readonly name: string } }[];
  readonly results: { readonly id: string; readonly describe: { readonly name: string } }[];
  readonly [name: string]: unknown;
};
export type Client = {
  /** Sends a request and returns its reply, a success or a refusal. */
  send(path: string, input?: unknown): Promise<Reply>;
  /** Makes a call that must succeed, and returns the body. */
  call(path: string, input?: unknown): Promise<Answer>;
  /** Makes a call that must be refused, and returns status, type and message. */
  refusal(path: string, input?: unknown): Promise<string>;
};
export type Platform = {
  readonly context: MemoryContext;
  readonly alice: Client;
  readonly bob: Client;
  readonly nobody: Client;
};

/** A platform with two users. Each reply is read from its text, as over the wire. */
export async function givenPlatform(seed = 1): Promise<Platform> {
  const context = createMemoryContext({ seed });
  return {
    context,
    alice: await givenUser(context, 'alice'),
    bob: await givenUser(context, 'bob'),
    nobody: givenClient(context, undefined),
  };
}

async function givenUser(context: MemoryContext, handle: string): Promise<Client> {
  const user = await createUser(context, { handle });
  const expiresAt = context.now() + 86_400_000;
  return givenClient(context, `Bearer ${await issueToken(context, { user, expiresAt, label: 'test' })}`);
}

export function givenClient(context: MemoryContext, authorization: string | undefined): Client {
  const send = async (path: string, input: unknown = {}): Promise<Reply> => {
    const caller = await authenticate(context, authorization);
    const reply = await serve(context, { path, caller, input, headers: {} }, routes);
    return { ...reply, body: JSON.parse(reply.text) };
  };
  return {
    send,
    async call(path, input) {
      const reply = await send(path, input);
      expect(reply.status, `${path}: ${reply.text}`).toBe(200);
      return reply.body as Answer;
    },
    async refusal(path, input) {
      const reply = await send(path, input);
      const { error } = reply.body as { error: { type: string; message: string } };
      expect(error, path).toBeDefined();
      return `${reply.status} ${error.type}: ${error.message}`;
    },
  };
}

export async function givenProject(client: Client, name = 'project'): Promise<string> {
  return (await client.call('/project/new', { name })).id;
}

/** A closed file of these parts, made by the calls of a client from file/new to close. */
export async function givenFile(
  { context, alice }: Pick<Platform, 'context' | 'alice'>,
  project: string,
  fields: Record<string, unknown> = {},
  parts: readonly string[] = ['hello'],
): Promise<string> {
  const id = (await alice.call('/file/new', { project, ...fields })).id;
  for (const [place, text] of parts.entries()) await putPart(context, alice, id, place + 1, text);
  await alice.call(`/${id}/close`);
  return id;
}

export async function putPart(context: MemoryContext, client: Client, id: string, index: number, text: string) {
  const bytes = Buffer.from(text);
  const md5 = createHash('md5').update(bytes).digest('hex');
  const { url } = await client.call(`/${id}/upload`, { index, size: bytes.length, md5 });
  const uploadId = new URL(url).searchParams.get('uploadId') ?? '';
  context.content.receivePart(uploadId, { index, size: bytes.length, md5, bytes });
}

export async function givenRecord(
  client: Client,
  project: string,
  fields: Record<string, unknown> = {},
): Promise<string> {
  return (await client.call('/record/new', { project, ...fields })).id;
}

/** Lets time pass, three hours by default, and delivers every message of the work queue when it is due. */
export async function passTime(context: MemoryContext, milliseconds = 10_800_000): Promise<void> {
  const end = context.clock.now + milliseconds;
  while (context.clock.now < end) {
    context.clock.now = Math.min(end, context.clock.now + 900_000);
    for (;;) {
      const index = context.queues.work.findIndex(({ visibleAt }) => visibleAt <= context.clock.now);
      if (index < 0) break;
      await doWork(context, context.queues.work.splice(index, 1)[0]?.message);
    }
  }
}
