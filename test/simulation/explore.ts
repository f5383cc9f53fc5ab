// Explores the product's own functions exhaustively. Every call of a port is a step. Every order of steps that can make
// a difference is tried, with the crashes, losses and doubled messages of a budget. A schedule is a list of choices, and
// a run repeats it from the start (replay.ts). A state that was seen before (all rows, all messages, and the step that each
// actor waits for) is not explored again, even if more faults were still allowed when it was seen. Its actors may have read
// other things by then. Each of them must then agree with what was found: it is run once more, and would wait for the same
// steps after every answer that was found behind the state (future.ts). A doubled message is a message of its own. Two
// states are the same when a message and its copy only exchange their roles.
//
// In each state only some actors and messages take their turn: a group that takes it, and every group that may later do
// something that depends on such a turn ("persistent sets": Godefroid, "Partial-Order Methods for the Verification of
// Concurrent Systems"). What may come later is known once everything behind the turn was explored, because no schedule
// leads back to a state. A fault is one of the moves of its actor or message. How many there are does not depend on the
// order of the steps, so faults do not depend on each other.

import type { Budget } from './budget.ts';
import { type Contention, createContention, overlaps, takeGrown } from './contention.ts';
import { createFootprints, type Footprint, type Footprints, type Mask, union } from './footprint.ts';
import {
  type Agreements,
  agrees,
  createAgreements,
  createFutures,
  type Future,
  type Futures,
  type Move,
  type Moves,
} from './future.ts';
import {
  beginReplay,
  type Choice,
  choicesOf,
  ended,
  exchange,
  finishReplay,
  type Present,
  problemOf,
  type Replay,
  recognise,
  type Standing,
  standingOf,
  take,
  type World,
} from './replay.ts';

export type Found = {
  readonly schedules: number;
  readonly states: number;
  /** Digests of the states in which nothing more could happen. */
  readonly ends: ReadonlySet<string>;
  readonly problem?: { readonly what: string; readonly schedule: readonly string[] };
};
export type Limits = {
  readonly schedules?: number;
  /** Whether every order of all steps is tried. Small worlds are searched in both ways, to check the reduction. */
  readonly isWhole?: boolean;
};

/**
 * Explores every schedule, and ends at the first problem with the schedule that leads there. Steps on rows that only
 * one actor touches are taken together with the step before. The contended rows are found on the way: when two actors
 * meet on a new row, the exploration starts again with that row among the contended ones.
 */
export async function explore(
  create: () => Promise<World> | World,
  budget: Budget,
  { schedules: limit = 300_000, isWhole = false }: Limits = {},
): Promise<Found> {
  const contention: Contention = createContention(isWhole);
  let search = beginSearch(isWhole);
  let schedules = 0;
  do {
    schedules++;
    if (schedules > limit) {
      throw new Error(`more than ${limit} schedules (${search.states} states): make the world smaller`);
    }
    const replay = await beginReplay(await create(), budget, contention);
    const what = await follow(replay, search);
    if (what !== undefined) {
      return { ...resultOf(search, schedules), problem: { what, schedule: replay.log } };
    }
    if (takeGrown(contention)) search = beginSearch(isWhole);
    else backtrack(search);
  } while (search.path.length > 0 || search.isFresh);
  return resultOf(search, schedules);
}

type KnownChoice = Pick<Choice, 'group' | 'label' | 'isFault'>;
/** A state on the way to the present one. */
type Node = {
  readonly state: string;
  /** The groups that have exchanged their roles with their copies here. */
  readonly exchanged: readonly string[];
  readonly present: Standing['present'];
  readonly budget: Budget;
  readonly choices: readonly KnownChoice[];
  /** The groups that take their turn here, and the indices of their choices that are still to be taken. */
  readonly turns: Set<string>;
  readonly open: number[];
  /** The choice that is being explored, and what it touched. */
  taken: number;
  made: Mask;
  moved: ReadonlyMap<string, Move>;
  /** What each actor was found to do behind this state, by its key. */
  readonly moves: ReadonlyMap<string, Moves>;
  /** Everything that was found to happen behind this state. */
  readonly behind: Map<string, Mask>;
  /** The masks of the choices that were explored, by their groups. */
  readonly explored: Map<string, Mask>;
};
/** What was found behind a state. `actors`: by their groups, after all exchanges. */
type Seen = {
  readonly budget: Budget;
  readonly footprint: Footprint;
  readonly actors: ReadonlyMap<string, { readonly history: string; readonly future: Future }>;
};
/** What was found behind the state that a schedule came to: the footprint, and what each actor does, by its key. */
type Behind = { readonly footprint: Footprint; readonly futures: ReadonlyMap<string, Future> };
type Search = {
  readonly isWhole: boolean;
  readonly path: Node[];
  /** What was found behind each state, with the budget that was left there. */
  readonly seen: Map<string, readonly Seen[]>;
  states: number;
  readonly ends: Set<string>;
  readonly footprints: Footprints;
  /** Everything that was found to follow from a group, in any state. */
  readonly usual: Map<string, Mask>;
  /** What the first step of a piece of mail touched. */
  readonly firsts: Map<string, Mask>;
  readonly futures: Futures;
  readonly agreements: Agreements;
  last: Behind;
  isFresh: boolean;
};

function beginSearch(isWhole: boolean): Search {
  return {
    isWhole,
    path: [],
    seen: new Map(),
    states: 0,
    ends: new Set(),
    footprints: createFootprints(overlaps),
    usual: new Map(),
    firsts: new Map(),
    futures: createFutures(),
    agreements: createAgreements(),
    last: { footprint: new Map(), futures: new Map() },
    isFresh: true,
  };
}

function resultOf({ states, ends }: Search, schedules: number) {
  return { schedules, states, ends };
}

/** Repeats the present path, then continues with first choices to a state that was seen before, or to the end. */
async function follow(replay: Replay, search: Search): Promise<string | undefined> {
  search.isFresh = false;
  for (const node of search.path) {
    const choice = choicesOf(replay)[node.taken];
    if (choice === undefined || choice.label !== node.choices[node.taken]?.label) {
      throw new Error('the schedule does not repeat: an actor is not deterministic');
    }
    if (node === search.path.at(-1)) recognise(replay, node.present);
    node.made = search.footprints.maskOf(await take(replay, choice));
  }
  for (;;) {
    const problem = problemOf(replay);
    if (problem !== undefined) return problem;
    const standing = standingOf(replay);
    const { state, exchanged, present, moved } = standing;
    const { budget } = replay;
    const last = search.path.at(-1);
    if (last !== undefined) last.moved = moved;
    const known = await knownBehind(search, standing, budget);
    if (known !== undefined) {
      search.last = known;
      return undefined;
    }
    const choices = choicesOf(replay);
    if (choices.length === 0) {
      search.ends.add(state);
      const futures = new Map([...present].map(([key, { asks }]) => [key, search.futures.keep(asks, new Map())]));
      search.last = { footprint: new Map(), futures };
      remember(search, { state, exchanged, present, budget });
      return finishReplay(replay);
    }
    const node: Node = {
      state,
      exchanged,
      present,
      budget,
      choices: choices.map(({ group, label, isFault }) => ({ group, label, isFault })),
      turns: new Set(),
      open: [],
      taken: 0,
      made: nothing,
      moved: new Map(),
      moves: new Map([...present.keys()].map((key) => [key, new Map()])),
      behind: new Map(),
      explored: new Map(),
    };
    search.path.push(node);
    if (search.isWhole) for (const { group } of choices) addTurn(node, group);
    else addTurn(node, firstGroup(choices, search));
    node.taken = takeOpen(node) ?? 0;
    const choice = choices[node.taken] as Choice;
    node.made = search.footprints.maskOf(await take(replay, choice));
  }
}

/**
 * What was found behind a state when it had this budget or a larger one, behind which all the same can happen. The actors
 * may have read other things by then. It is enough that they would do the same after all answers that were found.
 */
async function knownBehind(search: Search, standing: Standing, budget: Budget): Promise<Behind | undefined> {
  const { seen, isWhole, agreements } = search;
  const { state, exchanged, present } = standing;
  const includes = (larger: Budget): boolean =>
    kinds.every((kind) => {
      const [most, here] = [larger[kind] ?? 0, budget[kind] ?? 0];
      return isWhole ? most === here : most >= here;
    });
  const isSame = async ({ actors }: Seen): Promise<boolean> => {
    const others: [Present, Future][] = [];
    for (const one of present.values()) {
      const known = actors.get(exchange(one.group, exchanged));
      if (known !== undefined && !one.isOver && known.history !== one.history) others.push([one, known.future]);
    }
    for (const [one, future] of others) if (!(await agrees(one, future, agreements))) return false;
    return true;
  };
  for (const one of seen.get(state) ?? []) {
    if (!includes(one.budget) || !(await isSame(one))) continue;
    const futures = new Map<string, Future>();
    for (const [key, { group, asks, isOver }] of present) {
      const known = isOver ? undefined : one.actors.get(exchange(group, exchanged));
      futures.set(key, known?.future ?? search.futures.keep(asks, new Map()));
    }
    return { footprint: renamed(one.footprint, exchanged), futures };
  }
  return undefined;
}

type Left = Pick<Node, 'state' | 'exchanged' | 'present' | 'budget'>;

function remember(search: Search, { state, exchanged, present, budget }: Left): void {
  search.states++;
  const { futures } = search.last;
  const footprint = search.footprints.keep(renamed(search.last.footprint, exchanged));
  const actors = new Map<string, { readonly history: string; readonly future: Future }>();
  for (const [key, { group, history, isOver }] of present) {
    const future = futures.get(key);
    if (!isOver && future !== undefined) actors.set(exchange(group, exchanged), { history, future });
  }
  search.seen.set(state, [...(search.seen.get(state) ?? []), { budget, footprint, actors }]);
}

/** A footprint in which groups and their copies have exchanged their roles. */
function renamed(footprint: Footprint, exchanged: readonly string[]): Footprint {
  if (exchanged.length === 0) return footprint;
  return new Map([...footprint].map(([group, mask]) => [exchange(group, exchanged), mask]));
}

/** The next choice to take. Faults come last, because what they lead to is then often known. */
function takeOpen({ open, choices }: Node): number | undefined {
  const calm = open.findIndex((index) => choices[index]?.isFault === false);
  return open.splice(Math.max(calm, 0), 1)[0];
}

/** The group whose turn calls for the fewest others, by what is known of all groups so far. */
function firstGroup(choices: readonly Choice[], { footprints, usual, firsts }: Search): string {
  const next = new Map<string, Mask>();
  for (const { group, next: touches } of choices) {
    next.set(group, union(next.get(group), union(firsts.get(group), footprints.maskOf(touches))));
  }
  let best: { readonly group: string; readonly size: number } | undefined;
  for (const group of next.keys()) {
    const turns = new Set([group]);
    for (const one of turns) {
      const mask = next.get(one) ?? nothing;
      for (const other of next.keys()) {
        if (!turns.has(other) && footprints.conflict(mask, usual.get(other) ?? nothing)) turns.add(other);
      }
    }
    if (best === undefined || turns.size < best.size) best = { group, size: turns.size };
    if (best.size === 1) break;
  }
  return best?.group ?? '';
}

function addTurn(node: Node, group: string): void {
  if (node.turns.has(group)) return;
  node.turns.add(group);
  for (const [index, choice] of node.choices.entries()) if (choice.group === group) node.open.push(index);
}

/** Leaves every state behind which everything was explored. The path then ends with the next choice to take. */
function backtrack(search: Search): void {
  const { path, footprints, futures } = search;
  for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
    learn(node, search);
    const next = takeOpen(node);
    if (next !== undefined) {
      node.taken = next;
      return;
    }
    const found = [...node.moves].map(([key, moves]): [string, Future] => [
      key,
      futures.keep(node.present.get(key)?.asks ?? '', moves),
    ]);
    search.last = { footprint: footprints.keep(node.behind), futures: new Map(found) };
    remember(search, node);
    path.pop();
  }
}

/** Takes in what was found behind a choice. A group that is not here yet comes from the choice. */
function learn(node: Node, search: Search): void {
  const { footprints, usual, firsts } = search;
  const found = search.last.footprint;
  learnMoves(node, search);
  const { group, label } = node.choices[node.taken] as KnownChoice;
  if (label.startsWith('deliver ')) firsts.set(group, union(firsts.get(group), node.made));
  const isHere = (name: string): boolean => node.choices.some((choice) => choice.group === name);
  node.behind.set(group, union(node.behind.get(group), node.made));
  node.explored.set(group, union(node.explored.get(group), node.made));
  for (const [name, mask] of found) {
    const root = isHere(name) ? name : group;
    node.behind.set(root, union(node.behind.get(root), mask));
  }
  for (const [name, mask] of node.behind) usual.set(name, union(usual.get(name), mask));
  for (const [taken, made] of node.explored) {
    for (const [name, mask] of node.behind) {
      if (name !== taken && footprints.conflict(made, mask)) addTurn(node, name);
    }
  }
}

/** Takes in what each actor was found to do behind a choice. */
function learnMoves({ present, moved, moves }: Node, { last, futures }: Search): void {
  for (const [key, { isOver }] of present) {
    const known = moves.get(key);
    if (isOver || known === undefined) continue;
    const future = last.futures.get(key);
    const move = moved.get(key);
    if (move !== undefined) futures.add(known, move, future ?? futures.keep(ended, new Map()));
    // An actor that died has no future.
    else if (future !== undefined && !future.asks.startsWith(ended)) {
      for (const { move: later, to } of future.moves.values()) futures.add(known, later, to);
    }
  }
}

const kinds = ['crashes', 'losses', 'doubles', 'answers'] as const;
const nothing: Mask = { reads: 0n, writes: 0n };
