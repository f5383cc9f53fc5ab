// Tests removals that die at any step, alone and against the close of the file. An object without references is deleted
// in the end, with its bytes, even if S3 stores them after the cleaning.

import { describe, expect, test } from 'vitest';
import type { FileId, ProjectId } from '../../core/id/identifier.ts';
import { workspaceId } from '../../core/id/workspace.ts';
import { contentKey } from '../../core/object/content-key.ts';
import { uploadUrlSeconds } from '../../core/object/part.ts';
import { cloneObjects } from '../../engine/object/clone.ts';
import { destroyContainer } from '../../engine/removal/container.ts';
import { givenFile, givenPlatform, givenProject, type Platform, passTime, putPart } from '../api/given.ts';
import type { MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { takeTurns } from './turns.ts';

type Stage = Platform & { readonly project: string; readonly file: FileId };
const workspace = workspaceId(jobId('main'), 0);

async function givenStage(isClosed: boolean): Promise<Stage> {
  const platform = await givenPlatform();
  const project = await givenProject(platform.alice);
  await platform.alice.call(`/${project}/newFolder`, { folder: '/a' });
  if (isClosed) return { ...platform, project, file: (await givenFile(platform, project, { folder: '/a' })) as FileId };
  const file = (await platform.alice.call('/file/new', { project, folder: '/a' })).id as FileId;
  await putPart(platform.context, platform.alice, file, 1, 'hello');
  return { ...platform, project, file };
}

const removals: Record<string, (stage: Stage) => Promise<unknown>> = {
  removeObjects: ({ alice, project, file }) =>
    alice.send(`/${project}/removeObjects`, { objects: [file], force: true }),
  removeFolder: ({ alice, project }) => alice.send(`/${project}/removeFolder`, { folder: '/a', recurse: true }),
  destroy: ({ alice, project }) => alice.send(`/${project}/destroy`),
};

/** Rows and bytes of the file. A listing in an existing folder does not count: it is a hint, removed with the folder. */
function traces({ context, project, file }: Stage): string[] {
  const folders = context.rows.all('containers').map(({ folderId }) => `${project}#${folderId}`);
  const rows = context.rows
    .all('objects')
    .filter(({ pk, sk }) => pk.startsWith(file) || (sk.endsWith(file) && !folders.includes(pk)));
  return [...rows.map(({ pk, sk }) => `${pk} ${sk}`), ...context.content.keys()];
}

function isPlaced({ context, project, file }: Stage): boolean {
  return context.rows.peek('objects', { pk: file, sk: `P#${project}` }) !== undefined;
}

describe.each(Object.entries(removals))('%s', (_name, remove) => {
  test.each([
    ['a closed file', true],
    ['an open file', false],
  ])('of %s leaves nothing behind, whatever step it dies at', async (_what, isClosed) => {
    let removedCount = 0;
    for (let before = 0, whole = false; !whole; before++) {
      const stage = await givenStage(isClosed);
      const acts = { first: () => remove(stage), second: async () => undefined };
      whole = (await takeTurns(stage.context, acts, { before, between: 0, dies: 'first' })).firstWhole;
      await passTime(stage.context);
      if (isPlaced(stage)) {
        expect((await stage.alice.call(`/${stage.file}/describe`)).state).toBe(isClosed ? 'closed' : 'open');
        continue;
      }
      removedCount++;
      expect(traces(stage), `after ${before} steps`).toEqual([]);
      expect(stage.context.queues.work).toEqual([]);
    }
    expect(removedCount).toBeGreaterThan(5);
  });

  test('leaves nothing behind when the file is closed at the same time, even if either call dies', {
    timeout: 120_000,
  }, async () => {
    const seen = { closed: 0, refused: 0 };
    for (let before = 0, more = true; more; before++) {
      more = false;
      for (let between = 0, longer = true; longer; between++) {
        for (const dies of [undefined, 'first', 'second'] as const) {
          const stage = await givenStage(false);
          const acts = { first: () => stage.alice.send(`/${stage.file}/close`), second: () => remove(stage) };
          const played = await takeTurns(stage.context, acts, { before, between, dies });
          const status = (played.first.result as { status: number } | undefined)?.status;
          if (status === 200) seen.closed++;
          if (status === 404) seen.refused++;
          await passTime(stage.context);
          if (!isPlaced(stage)) expect(traces(stage), JSON.stringify({ before, between, dies })).toEqual([]);
          longer = !played.secondWhole;
          more ||= !played.firstWhole;
        }
      }
    }
    expect(seen.closed).toBeGreaterThan(10);
    expect(seen.refused).toBeGreaterThan(10);
  });
});

test('a workspace that is emptied again after a death at any step leaves no bytes', async () => {
  for (let before = 0, whole = false; !whole; before++) {
    const stage = await givenStage(true);
    const { context, alice, project, file } = stage;
    await cloneObjects(context, {
      objects: [file],
      from: project as ProjectId,
      to: { container: workspace, folder: '/in' },
    });
    await alice.call(`/${project}/removeObjects`, { objects: [file] });
    await passTime(context);
    expect(context.content.keys()).toHaveLength(1);
    const acts = { first: () => destroyContainer(context, workspace), second: async () => undefined };
    whole = (await takeTurns(context, acts, { before, between: 0, dies: 'first' })).firstWhole;
    await destroyContainer(context, workspace);
    await passTime(context);
    expect(traces(stage), `after ${before} steps`).toEqual([]);
  }
});

test('bytes that arrive after the cleaning by valid URLs are removed when the URLs have expired', async () => {
  const stage = await givenStage(false);
  const { context, alice, project, file } = stage;
  await alice.call(`/${project}/removeObjects`, { objects: [file] });
  expect(await alice.refusal(`/${file}/describe`)).toMatch(/^404/);
  await passTime(context, uploadUrlSeconds * 500);
  await joinLate(context, contentKey(file, { birth: project as ProjectId }));
  await passTime(context, uploadUrlSeconds * 500);
  expect(context.content.keys()).toHaveLength(1);
  await passTime(context);
  expect(traces(stage)).toEqual([]);
  expect(context.queues.work).toEqual([]);
});

/** Completes an upload as S3 may do it when the request came before the upload was aborted. */
async function joinLate(context: MemoryContext, key: string): Promise<void> {
  const uploadId = await context.content.startUpload(key);
  const part = { index: 1, size: 1, md5: 'x', bytes: Buffer.from('x') };
  context.content.receivePart(uploadId, part);
  await context.content.completeUpload(key, uploadId, [part]);
}
