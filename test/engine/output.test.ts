// Tests outputs that could wait for ever: references in a circle, and objects that nothing can close any more.

import { describe, expect, test } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import type { FileId, JobId, ObjectId } from '../../core/id/identifier.ts';
import { type JobRow, jobWorkspace } from '../../core/job/row.ts';
import type { Hash } from '../../core/reference/value.ts';
import { objectKey, placementKey } from '../../core/row/objects.ts';
import { createJob } from '../../engine/job/birth.ts';
import { finish } from '../../engine/job/finish.ts';
import { createObject, type NewObject } from '../../engine/object/create.ts';
import { passTime } from '../api/given.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, type PlanOptions, planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform, type Program } from '../memory/platform.ts';
import { putProject, putProjectOfAlice } from '../memory/project.ts';

const { project } = planJob('x').row;

function givenPlatform(programs: { readonly [name: string]: Program }) {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, (claimed) => {
    const program = programs[claimed.row.name ?? ''];
    return program === undefined ? { output: {} } : program(claimed);
  });
  const bear = async (name: string, parent?: JobRow, options: PlanOptions = {}) => {
    const above = parent === undefined ? [] : [...(await specOf(context, parent.pk)), parent.pk];
    await createJob(context, planJob(name, { ...options, ...(parent && { parent }), spec: { ancestors: above } }));
  };
  return { context, platform, bear };
}

type Given = ReturnType<typeof givenPlatform>;

/** A program that makes one job and answers nothing. */
function bearing(given: () => Given, name: string, options: PlanOptions = {}): Program {
  return async ({ row }) => {
    await given().bear(name, row, options);
    return { output: {} };
  };
}

async function specOf(context: MemoryContext, job: JobId): Promise<JobId[]> {
  return ((await context.bodies.load(job, 'spec')) as { ancestors: JobId[] }).ancestors;
}

const outputOf = (name: string): Hash => ({ x: { $dnanexus_link: { job: jobId(name), field: 'x' } } });

describe('an output in a circle fails its job at the report', () => {
  /** The name of the job that reports, and the programs of its tree. `main` is the origin job. */
  const circles: [title: string, job: string, programs: (given: () => Given) => { [name: string]: Program }][] = [
    ['a reference to the job itself', 'main', () => ({ main: () => ({ output: outputOf('main') }) })],
    [
      'a reference to its parent',
      'child',
      (given) => ({
        main: bearing(given, 'child'),
        child: () => ({ output: outputOf('main') }),
      }),
    ],
    [
      'a reference to the master job above its parent',
      'grandchild',
      (given) => ({
        main: bearing(given, 'child', { master: true }),
        child: bearing(given, 'grandchild'),
        grandchild: () => ({ output: outputOf('main') }),
      }),
    ],
    [
      'a reference to a sibling that waits for it',
      'child',
      (given) => ({
        main: async ({ row }) => {
          await given().bear('child', row);
          await given().bear('after', row, { dependsOn: [jobId('child')] });
          return { output: {} };
        },
        child: () => ({ output: outputOf('after') }),
      }),
    ],
    [
      'a reference to a sibling whose output refers to it',
      'second',
      (given) => ({
        main: async ({ row }) => {
          await given().bear('first', row);
          await given().bear('second', row, { dependsOn: [] });
          return { output: {} };
        },
        first: () => ({ output: outputOf('second') }),
        second: () => ({ output: outputOf('first') }),
      }),
    ],
    [
      'a reference to a job of another tree that waits for its origin job',
      'child',
      (given) => ({
        main: async ({ row }) => {
          await given().bear('child', row);
          await given().bear('outside', undefined, { dependsOn: [jobId('main')] });
          return { output: {} };
        },
        child: () => ({ output: outputOf('outside') }),
      }),
    ],
  ];
  test.each(circles)('%s', async (_, name, programs) => {
    const given: Given = givenPlatform(programs(() => given));
    await putProjectOfAlice(given.context);
    await given.bear('main');
    await given.platform.run();
    const row = byName(given.context, name);
    expect(row).toMatchObject({ state: 'failed', failureReason: 'OutputError' });
    expect(row.failureMessage).toMatch(/refers to/);
    expect(byName(given.context, 'main').state).toBe('failed');
  });

  test('references that lead to running jobs are not a circle', async () => {
    const given = givenPlatform({
      main: async ({ row }) => {
        await given.bear('slow', row);
        await given.bear('between', row, { dependsOn: [jobId('slow')] });
        return { output: outputOf('between') };
      },
      slow: () => undefined,
      between: () => ({ output: { x: 5 } }),
    });
    await given.bear('main');
    await given.platform.run();
    expect(byName(given.context, 'main').state).toBe('waiting_on_output');
    await finish(given.context, byName(given.context, 'slow'), { output: {} });
    await given.platform.run();
    expect(given.context.bodies.peek(jobId('main'), 'output')).toEqual({ output: { x: 5 } });
  });
});

describe('an object in the workspace that is not closed', () => {
  const visible: ObjectId = deriveId('record', 'test', 'record', 'visible');
  const hidden: FileId = deriveId('file', 'test', 'file', 'hidden');
  const deep: FileId = deriveId('file', 'test', 'file', 'deep');

  /** A job that answers a record. The record links to a hidden file, which links to another one. */
  async function givenAnswer(states: { [id: string]: NewObject['state'] }) {
    const { context, platform, bear } = givenPlatform({
      main: async ({ row }) => {
        const make = (id: ObjectId, links: readonly ObjectId[]) =>
          createObject(context, {
            ...{ id, place: jobWorkspace(row), folderId: '/', name: id, tags: [], types: [], properties: {} },
            ...{ hidden: id !== visible, details: {}, links, state: states[id] ?? 'closed' },
            ...{ createdBy: { user: row.launchedBy }, digest: 'd' },
          });
        await make(deep, []);
        await make(hidden, [deep]);
        await make(visible, [hidden]);
        return { output: { record: { $dnanexus_link: visible } } };
      },
    });
    await putProject(context, project);
    await bear('main');
    await platform.run();
    return { context, platform };
  }

  test.each([
    ['itself', visible],
    ['its hidden companion', hidden],
    ['a hidden companion of that', deep],
  ])('fails the job when %s is open', async (_, open) => {
    const { context } = await givenAnswer({ [open]: 'open' });
    const row = byName(context, 'main');
    expect(row).toMatchObject({ state: 'failed', failureReason: 'OutputError' });
    expect(row.failureMessage).toContain(`${open} is still open, and every job that could close it has ended`);
  });

  test('is waited for while a hidden companion is closing, and goes along with it', async () => {
    const { context, platform } = await givenAnswer({ [deep]: 'closing' });
    expect(byName(context, 'main').state).toBe('waiting_on_output');
    await context.rows.update('objects', objectKey(deep), { set: { state: 'closed' } });
    await passTime(context, 700_000);
    await platform.sweep();
    await platform.run();
    expect(byName(context, 'main').state).toBe('done');
    for (const id of [visible, hidden, deep]) {
      expect(context.rows.peek('objects', placementKey(id, project)), id).toMatchObject({ hidden: id !== visible });
    }
  });
});
