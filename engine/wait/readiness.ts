// Decides whether the dependencies of a job are ready: jobs that are done, and data objects that are closed with the
// hidden objects that they link to (docs/reference/api.md, "Job states").

import type { Context } from '../../core/context.ts';
import type { Dependency } from '../../core/execution/dependency.ts';
import { failureMessages } from '../../core/execution/failure.ts';
import { isEndState, type Waiting } from '../../core/execution/head.ts';
import { type ExecutionId, isId, type ObjectId, type PlaceId } from '../../core/id/identifier.ts';
import type { ExecutionRow } from '../../core/row/execution/execution.ts';
import {
  isGone,
  type ObjectFacts,
  objectKey,
  placementPrefix,
  placeOf,
  readObject,
  readPlacement,
} from '../../core/row/objects.ts';
import { loadExecutions } from '../store/load-job.ts';
import { mapLimited } from '../store/map-limited.ts';
import { sendWork } from '../store/send-work.ts';
import type { Awaited, Readiness, Wait } from './wait.ts';

/** The reason why a dependency can never be ready: it has `failed` or is `gone`. The message is for the user. */
export type Unsatisfiable = {
  readonly kind: 'failed' | 'gone';
  readonly message: string;
  /** The execution that ended without being done. */
  readonly execution?: ExecutionId;
};

/**
 * The wait for a list of dependencies, in order: the `waits` of a job, or the references and objects of its output. All
 * reads are consistent, and a ready dependency stays ready.
 */
export function listWait(
  context: Context,
  waiter: Waiting,
  phase: 'input' | 'output',
  dependencies: readonly Dependency[],
  from?: number,
): Wait<number, Unsatisfiable> {
  const helped = new Set<ObjectId>();
  return {
    waiter,
    phase,
    window: dependencyWindow,
    few: fewDependencies,
    from,
    page: async (after = 0) => {
      const upTo = Math.min(after + dependencyPageSize, dependencies.length);
      const items = dependencies
        .slice(after, upTo)
        .map((dependency, index): Awaited<number> => ({ dependency, cursor: after + index + 1 }));
      return { items, end: upTo === dependencies.length };
    },
    read: (some) => readDependencies(context, some, helped),
  };
}

/**
 * Reads executions and objects at the same time, parallel to `dependencies`.
 *
 * @param helped the files for which a closing message was sent already
 */
async function readDependencies(
  context: Context,
  dependencies: readonly Dependency[],
  helped: Set<ObjectId>,
): Promise<Readiness<Unsatisfiable>[]> {
  const executions = [...new Set(dependencies.flatMap((one) => (one.kind === 'execution' ? [one.execution] : [])))];
  const objects = [...new Set(dependencies.flatMap((one) => (one.kind === 'object' ? [one.object] : [])))];
  const [executionStates, objectStates] = await Promise.all([
    readExecutions(context, executions),
    readObjects(context, objects, helped),
  ]);
  return dependencies.map((one) => {
    const state = one.kind === 'execution' ? executionStates.get(one.execution) : objectStates.get(one.object);
    return state ?? 'unready';
  });
}

async function readExecutions(
  context: Context,
  executions: readonly ExecutionId[],
): Promise<Map<ExecutionId, Readiness<Unsatisfiable>>> {
  const rows = await loadExecutions(context, executions);
  return new Map(executions.map((id, index) => [id, executionReadiness(id, rows[index])]));
}

function executionReadiness(id: ExecutionId, row: ExecutionRow | undefined): Readiness<Unsatisfiable> {
  if (row === undefined) return { problem: { kind: 'gone', message: failureMessages.dependencyGone(id) } };
  if (row.state === 'done') return 'ready';
  if (!isEndState(row.state)) return 'unready';
  const message = failureMessages.dependencyFailed(id, row.state, row.failureReason);
  return { problem: { kind: 'failed', message, execution: id } };
}

async function readObjects(
  context: Context,
  objects: readonly ObjectId[],
  helped: Set<ObjectId>,
): Promise<Map<ObjectId, Readiness<Unsatisfiable>>> {
  const found = await loadObjectFacts(context, objects);
  const closed = [...found].filter(([, { state }]) => state === 'closed');
  const { held, closing } = await heldByHidden(context, closed);
  for (const [id, { state }] of found) if (state === 'closing') closing.push(id);
  await finishClosing(context, closing, helped);
  const isReady = new Set(closed.flatMap(([id]) => (held.has(id) ? [] : [id])));
  return new Map(
    objects.map((id): [ObjectId, Readiness<Unsatisfiable>] => {
      if (!found.has(id)) return [id, { problem: { kind: 'gone', message: failureMessages.dependencyGone(id) } }];
      return [id, isReady.has(id) ? 'ready' : 'unready'];
    }),
  );
}

/**
 * Sends messages that finish the closing of files, in case the closing call crashed. They arrive when that call has
 * certainly ended.
 */
async function finishClosing(context: Context, closing: readonly ObjectId[], helped: Set<ObjectId>): Promise<void> {
  const files = closing.flatMap((id) => (isId(id, 'file') && !helped.has(id) ? [id] : []));
  for (const file of files) helped.add(file);
  const messages = files.map((file) => ({ kind: 'close', file }) as const);
  await sendWork(context, messages, context.now() + requestEndsMs);
}

/** Row `A` of each object that exists and is not being deleted. */
async function loadObjectFacts(context: Context, objects: readonly ObjectId[]): Promise<Map<ObjectId, ObjectFacts>> {
  if (objects.length === 0) return new Map();
  const rows = await context.rows.getMany('objects', objects.map(objectKey));
  const found = objects.flatMap((object, index): [ObjectId, ObjectFacts][] => {
    const facts = readObject(rows[index]);
    return isGone(facts) ? [] : [[object, facts]];
  });
  return new Map(found);
}

/**
 * Those of the closed objects that lead to an unclosed hidden object by links of hidden objects. A hidden object counts
 * only beside the object that links to it, in a place where both are: anybody may link to any object, and must not
 * learn by that whether another tenant's object is open. Objects that are gone are not waited for. Users may write any
 * links, so one walk visits each object once, up to `hiddenWalkLimit`.
 */
async function heldByHidden(
  context: Context,
  closed: readonly (readonly [ObjectId, ObjectFacts])[],
): Promise<{ readonly held: ReadonlySet<ObjectId>; readonly closing: ObjectId[] }> {
  const holders = new Map<ObjectId, Set<ObjectId>>();
  const found: ObjectId[] = [];
  const follow = (id: ObjectId, links: readonly ObjectId[]): void => {
    for (const link of links) {
      if (!holders.has(link)) {
        if (found.length >= hiddenWalkLimit) continue;
        holders.set(link, new Set());
        found.push(link);
      }
      holders.get(link)?.add(id);
    }
  };
  for (const [id, { links }] of closed) follow(id, links);
  const places = new Map<ObjectId, Places>();
  const unclosed = new Map<ObjectId, ObjectFacts['state']>();
  for (let at = 0; at < found.length; ) {
    const page = found.slice(at, at + hiddenPageSize);
    at += page.length;
    const facts = [...(await loadObjectFacts(context, page))];
    const relevant = facts.filter(([, { state, links }]) => state !== 'closed' || links.length > 0);
    await mapLimited(relevant, async ([id, { state, links }]) => {
      const own = await loadPlaces(context, id);
      places.set(id, own);
      if (![...own.values()].includes('hidden')) return;
      if (state === 'closed') follow(id, links);
      else unclosed.set(id, state);
    });
  }
  const { held, holding } = await holdUp(context, [...unclosed.keys()], holders, places);
  return { held, closing: [...holding].filter((id) => unclosed.get(id) === 'closing') };
}

/**
 * The objects that unclosed ones hold back, directly or by others, and the unclosed ones that do so. An object that is
 * held back in one place does not hold another one back in a second place, where nobody may know of the first.
 */
async function holdUp(
  context: Context,
  unclosed: readonly ObjectId[],
  holders: ReadonlyMap<ObjectId, ReadonlySet<ObjectId>>,
  places: Map<ObjectId, Places>,
): Promise<{ readonly held: ReadonlySet<ObjectId>; readonly holding: ReadonlySet<ObjectId> }> {
  const heldIn = new Map(unclosed.map((id) => [id, new Set(places.get(id)?.keys())]));
  const held = new Set<ObjectId>();
  const holding = new Set<ObjectId>();
  for (let frontier: readonly ObjectId[] = unclosed; frontier.length > 0; ) {
    const above = frontier.flatMap((id) => [...(holders.get(id) ?? [])].map((holder) => ({ id, holder })));
    const unknown = new Set(above.map(({ holder }) => holder).filter((holder) => !places.has(holder)));
    await mapLimited([...unknown], async (holder) => void places.set(holder, await loadPlaces(context, holder)));
    const next = new Set<ObjectId>();
    for (const { id, holder } of above) {
      const own = heldIn.get(holder) ?? new Set();
      heldIn.set(holder, own);
      for (const place of placesBeside(places.get(id), places.get(holder))) {
        if (heldIn.get(id)?.has(place) !== true) continue;
        held.add(holder);
        holding.add(id);
        if (!own.has(place)) next.add(holder);
        own.add(place);
      }
    }
    frontier = [...next];
  }
  return { held, holding };
}

/** The places of an object. An open object is in one; a closed one is nearly always hidden in all of them or in none. */
type Places = ReadonlyMap<PlaceId, 'hidden' | 'visible'>;

async function loadPlaces(context: Context, id: ObjectId): Promise<Places> {
  const page = await context.rows.query('objects', { pk: id, prefix: placementPrefix, limit: placementPageSize });
  return new Map(
    page.rows.flatMap((row) => {
      const place = placeOf(row);
      return place === undefined ? [] : [[place, readPlacement(row)?.hidden === true ? 'hidden' : 'visible'] as const];
    }),
  );
}

/** The places in which a hidden object is beside one that links to it. */
function placesBeside(linked: Places = new Map(), holder: Places = new Map()): PlaceId[] {
  return [...linked].flatMap(([place, how]) => (how === 'hidden' && holder.has(place) ? [place] : []));
}

/**
 * Unready dependencies that a look searches before it chooses one. When 10,000 dependencies end in order, a look finds
 * half of so many ready (docs/reference/protocols.md, "Waits").
 */
const dependencyWindow = 500;
/** So many get an edge each, so that a failure among few dependencies is noticed at once. */
const fewDependencies = 25;
const dependencyPageSize = 100;
/** Linked objects that are read for a page of dependencies. */
const hiddenWalkLimit = 2_000;
const hiddenPageSize = 100;
const placementPageSize = 100;
/** The time after which a request of the API has certainly ended. */
const requestEndsMs = 60_000;
