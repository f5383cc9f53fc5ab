// Searches clones against removals of the same file: every interleaving of the product's own functions, call by call,
// with a crash of any of them after any call (docs/reference/protocols.md, "Deletion of bytes"). An acknowledged clone
// keeps its bytes, and a file without references is deleted.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Context } from '../../core/context.ts';
import type { FileId, ProjectId } from '../../core/id/identifier.ts';
import { contentKey } from '../../core/object/content-key.ts';
import { gone, listingKey, objectKey, placementKey } from '../../core/row/objects.ts';
import { packedKey, packedKindNames } from '../../core/row/packed.ts';
import { cloneObjects } from '../../engine/object/clone.ts';
import { createObject } from '../../engine/object/create.ts';
import { removeFrom, removeObjects } from '../../engine/removal/object.ts';
import { passTime } from '../api/given.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { putProject } from '../memory/project.ts';

const file: FileId = `file-${'0'.repeat(24)}`;
const place = (name: string): ProjectId => `project-${name.repeat(24)}`;
const [work, first, second] = [place('W'), place('P'), place('Q')];

type Actor = { readonly name: string; readonly crashes?: boolean; act(context: Context): Promise<unknown> };
type Outcome = { readonly result?: unknown; readonly error?: unknown; readonly crashed?: boolean };
type Scenario = {
  readonly held: readonly ProjectId[];
  readonly actors: readonly Actor[];
  /** The faults of an end that all actors reached. */
  check(context: MemoryContext, outcomes: ReadonlyMap<string, Outcome>): Promise<string[]>;
};

const clone = (to: ProjectId, name = `clone ${to.at(-1)}`, crashes = false): Actor => ({
  name,
  crashes,
  act: (context) => cloneObjects(context, { objects: [file], from: work, to: { container: to, folder: '/' } }),
});
const remove = (from: ProjectId, crashes = false): Actor => ({
  name: `remove ${from.at(-1)}`,
  crashes,
  act: (context) => removeObjects(context, from, [file]),
});

/** Does what the emptying of a place does with each object. It does not send a message first. */
const empty = (from: ProjectId): Actor => ({
  name: `empty ${from.at(-1)}`,
  act: (context) => removeFrom(context, from, file),
});

/** Checks the end, in whatever order the actors came. `removed` lists the places of which an actor removes the file. */
function checkEnd(removed: readonly ProjectId[]): Scenario['check'] {
  return async (context, outcomes) => {
    const faults: string[] = [];
    const crashed = [...outcomes.values()].some((outcome) => outcome.crashed);
    if (crashed) await passTime(context);
    const row = context.rows.peek('objects', objectKey(file));
    const bytes = context.content.keys().length > 0;
    for (const [name, { result, error }] of outcomes) {
      if (error !== undefined) faults.push(`${name} threw ${error}`);
      if (!name.startsWith('clone') || result === undefined) continue;
      const { cloned, existed, missing } = result as Record<'cloned' | 'existed' | 'missing', string[]>;
      if (cloned.length + existed.length + missing.length !== 1)
        faults.push(`${name} answered ${JSON.stringify(result)}`);
      const to = place(name.split(' ')[1] ?? '');
      if (missing.length > 0 || removed.includes(to)) continue;
      if (context.rows.peek('objects', placementKey(file, to)) === undefined) faults.push(`${name}: no reference`);
      if (row === undefined || row.dying === gone || !bytes) faults.push(`${name}: acknowledged, bytes gone`);
    }
    const placements = context.rows.all('objects').filter(({ pk, sk }) => pk === file && sk.startsWith('P#'));
    if (placements.length === 0 && (row !== undefined || bytes)) faults.push('nothing holds it, and it is still there');
    // A clone that died may have left a placement of a file that was gone already. It cannot be seen.
    if (crashed) return faults;
    if (placements.length > 0 && (row === undefined || row.dying === gone || !bytes)) faults.push('held without bytes');
    for (const { folderId, name, sk } of placements) {
      const listing = listingKey(sk.slice(2) as ProjectId, String(folderId), String(name), file);
      if (context.rows.peek('objects', listing) === undefined) faults.push('placed, and not listed');
    }
    return faults;
  };
}

describe('every interleaving ends well', () => {
  const scenarios: Record<string, Scenario> = {
    'of a clone and the removal of the last reference': {
      held: [work],
      actors: [remove(work), clone(first)],
      check: checkEnd([work]),
    },
    'of a clone and the removals of the last two references': {
      held: [work, first],
      actors: [remove(work), remove(first), clone(second)],
      check: checkEnd([work, first]),
    },
    'of two clones to one place and a removal': {
      held: [work],
      actors: [remove(work), clone(first, 'clone P 1'), clone(first, 'clone P 2')],
      check: checkEnd([work]),
    },
    'of two clones to two places and a removal': {
      held: [work],
      actors: [remove(work), clone(first), clone(second)],
      check: checkEnd([work]),
    },
    'of a clone, a removal of its source and a removal of its copy': {
      held: [work],
      actors: [remove(work), remove(first), clone(first)],
      check: checkEnd([work, first]),
    },
    'of a removal that crashes anywhere and two clones': {
      held: [work],
      actors: [remove(work, true), clone(first), clone(second)],
      check: checkEnd([work]),
    },
    'of a clone that crashes anywhere, another clone and a removal': {
      held: [work],
      actors: [remove(work), clone(first, 'clone P 1', true), clone(first, 'clone P 2')],
      check: checkEnd([work]),
    },
    'of a clone that crashes anywhere and the emptying of both places': {
      held: [work],
      actors: [empty(work), clone(first, 'clone P', true), empty(first)],
      check: checkEnd([work, first]),
    },
  };
  for (const [name, scenario] of Object.entries(scenarios)) {
    test(name, { timeout: 300_000 }, async () => {
      const found = await explore(scenario);
      expect(found.faults).toEqual([]);
      expect(found.endCount).toBeGreaterThan(1);
      console.log(`${name}: ${found.stateCount} states, ${found.endCount} ends`);
    });
  }
});

describe('the search finds a planted error', () => {
  const naiveClone: Actor = {
    name: 'clone P',
    async act(context) {
      const row = await context.rows.get('objects', objectKey(file));
      if (row === undefined || row.dying !== undefined) return { cloned: [], existed: [], missing: [file] };
      await context.rows.put('objects', {
        ...placementKey(file, first),
        folderId: '/',
        name: file,
        mark: 'naive',
        revision: 0,
      });
      await context.rows.put('objects', { pk: `${first}#/`, sk: `${file}#${file}`, id: file, mark: 'naive' });
      return { cloned: [file], existed: [], missing: [] };
    },
  };
  const naiveRemove: Actor = {
    name: 'remove W',
    async act(context) {
      await context.rows.delete('objects', placementKey(file, work));
      await context.rows.delete('objects', { pk: `${work}#/`, sk: `${file}#${file}` });
      const { rows } = await context.rows.query('objects', { pk: file, prefix: 'P#', limit: 1 });
      if (rows.length > 0) return;
      await context.content.remove([contentKey(file, { birth: work })]);
      await context.rows.delete('objects', objectKey(file));
    },
  };

  test('a clone that reads before it puts', async () => {
    const { faults } = await explore({ held: [work], actors: [remove(work), naiveClone], check: checkEnd([work]) });
    expect(faults).toContain('clone P: acknowledged, bytes gone');
  });

  test('a removal that looks for references without a mark', async () => {
    const { faults } = await explore({ held: [work], actors: [naiveRemove, clone(first)], check: checkEnd([work]) });
    expect(faults).toContain('clone P: acknowledged, bytes gone');
  });
});

/** Searches all choices depth first. A state that was seen with the same answers to each actor is not entered again. */
async function explore(scenario: Scenario): Promise<{ faults: string[]; stateCount: number; endCount: number }> {
  const faults = new Set<string>();
  const seen = new Set<string>();
  const waiting: string[][] = [[]];
  let endCount = 0;
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.size > maximumStateCount) throw new Error(`more than ${maximumStateCount} states`);
    const run = await startRun(scenario);
    for (const choice of path) await run.take(choice);
    for (const taken = [...path]; ; ) {
      const key = run.stateKey();
      if (seen.has(key)) break;
      seen.add(key);
      const [choice, ...others] = run.choices();
      if (choice === undefined) {
        endCount++;
        for (const fault of await scenario.check(run.context, run.outcomes)) faults.add(fault);
        break;
      }
      for (const other of others) waiting.push([...taken, other]);
      taken.push(choice);
      await run.take(choice);
    }
  }
  return { faults: [...faults], stateCount: seen.size, endCount };
}

type Gate = { readonly go: () => void };

/** Starts all actors and holds each before its next call of a port. A choice is a name, or `!name` for a crash. */
async function startRun({ held, actors }: Scenario) {
  const context = await givenFileIn(held);
  const gates = new Map<string, Gate[]>(actors.map(({ name }) => [name, []]));
  const learnt = new Map<string, string[]>(actors.map(({ name }) => [name, []]));
  const outcomes = new Map<string, Outcome>();
  for (const actor of actors) {
    const held = holdingContext(context, actor.name, gates, learnt);
    actor.act(held).then(
      (result) => outcomes.set(actor.name, { result: result ?? 'done' }),
      (error: unknown) => outcomes.set(actor.name, { error }),
    );
  }
  const isQuiet = () => actors.every(({ name }) => outcomes.has(name) || (gates.get(name)?.length ?? 0) > 0);
  await settle(isQuiet);
  return {
    context,
    outcomes,
    choices: () =>
      actors.flatMap(({ name, crashes }) => {
        if (outcomes.has(name) || gates.get(name)?.length === 0) return [];
        return crashes === true ? [name, `!${name}`] : [name];
      }),
    async take(choice: string) {
      if (choice.startsWith('!')) return void outcomes.set(choice.slice(1), { crashed: true });
      gates.get(choice)?.shift()?.go();
      await settle(isQuiet);
    },
    stateKey: () => {
      const memories = [...learnt].map(([name, entries]) => outcomes.get(name) ?? memoryOf(entries));
      return digest([context.rows.all('objects'), context.content.keys(), memories]);
    },
  };
}

/** The position of an actor and its memory: its calls, and the last answers. No function keeps an older answer. */
function memoryOf(entries: readonly string[]): unknown {
  return [entries.filter((_, index) => index % 2 === 0), entries.slice(-2 * keptAnswerCount)];
}

function digest(value: unknown): string {
  return createHash('sha1').update(JSON.stringify(value)).digest('base64');
}

/** The ports of one actor: every call waits for its turn. Random bytes are its own, so that paths can be repeated. */
function holdingContext(
  context: MemoryContext,
  name: string,
  gates: Map<string, Gate[]>,
  learnt: Map<string, string[]>,
): Context {
  const hold = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, method) {
        const call = target[method as keyof Port];
        if (typeof call !== 'function') return call;
        return async (...given: unknown[]) => {
          if (decides(given)) await new Promise<void>((go) => gates.get(name)?.push({ go }));
          const result: unknown = await call.apply(target, given);
          learnt.get(name)?.push(`${String(method)} ${(given[1] as { sk?: string })?.sk}`, JSON.stringify(result));
          return result;
        };
      },
    });
  let count = 0;
  const random = (byteCount: number) =>
    createHash('sha512').update(`${name}${count++}`).digest().subarray(0, byteCount);
  return { ...context, rows: hold(context.rows), content: hold(context.content), random };
}

/** Decisions do not read hints, attachments and bytes, so calls that touch these need not wait for a turn. */
function decides(given: readonly unknown[]): boolean {
  const [table, at] = given as [unknown, { pk?: string; sk?: string } | undefined];
  return table === 'objects' && at?.pk === file && !packedKindNames.some((kind) => at.sk === packedKey(file, kind).sk);
}

async function givenFileIn(held: readonly ProjectId[]): Promise<MemoryContext> {
  const context = createMemoryContext();
  for (const id of [work, first, second]) await putProject(context, id);
  const uploadId = await context.content.startUpload(contentKey(file, { birth: work }));
  const part = { index: 1, size: 1, md5: 'x', bytes: Buffer.from('x') };
  context.content.receivePart(uploadId, part);
  await context.content.completeUpload(contentKey(file, { birth: work }), uploadId, [part]);
  await createObject(context, {
    ...{ id: file, place: work, folderId: '/', name: file, tags: [], types: [], properties: {}, hidden: false },
    ...{ details: {}, links: [], state: 'closed', createdBy: { user: 'user-alice' }, digest: 'd' },
  });
  for (const to of held.slice(1))
    await cloneObjects(context, { objects: [file], from: work, to: { container: to, folder: '/' } });
  return context;
}

/** Waits in microtasks until each actor has ended or waits for its turn again. */
async function settle(isQuiet: () => boolean): Promise<void> {
  for (let turn = 0; turn < maximumTurnCount; turn++) {
    await Promise.resolve();
    if (isQuiet()) return;
  }
  throw new Error('an actor neither ends nor waits');
}

/** The functions under search do not use an answer after three more calls. */
const keptAnswerCount = 4;
const maximumTurnCount = 10_000;
const maximumStateCount = 200_000;
