// Explores the product's own functions exhaustively. Every call of a port is a step, and every order of steps is tried,
// with one crash after any write and each message lost or doubled. A schedule is a list of choices; a run repeats it
// from the start (replay.ts). States that were seen before (all rows, all messages, and what each actor has read) are not
// explored again, and of two steps that do not touch the same row only one order is tried.

import type { Budget } from './budget.ts';
import { type Contention, createContention, takeGrown } from './contention.ts';
import {
  beginReplay,
  type Choice,
  commute,
  fingerprintOf,
  finishReplay,
  type Replay,
  readyChoices,
  type Taken,
  take,
  type World,
} from './replay.ts';

export type Found = {
  readonly schedules: number;
  readonly states: number;
  /** Schedules that ran to their end, where `final` was asked. */
  readonly ends: number;
  readonly problem?: { readonly what: string; readonly schedule: readonly string[] };
};

/**
 * Explores every schedule, and ends at the first problem with the schedule that leads there. Steps on rows that only
 * one actor touches commute with all others, so their other orders are not tried. The contended rows are found on the
 * way: when two actors meet on a new row, the exploration starts again with that row among the contended ones.
 */
export async function explore(
  create: () => Promise<World> | World,
  budget: Budget,
  limits: { readonly schedules: number } = { schedules: 300_000 },
): Promise<Found> {
  const contention: Contention = createContention();
  let search = beginSearch();
  let schedules = 0;
  for (let branch = search.stack.pop(); branch !== undefined; branch = search.stack.pop()) {
    schedules++;
    if (schedules > limits.schedules) {
      throw new Error(`more than ${limits.schedules} schedules (${search.seen.size} states): make the world smaller`);
    }
    const replay = await beginReplay(await create(), budget, contention);
    const problem = await follow(replay, branch, search);
    if (replay.ended) search.ends++;
    if (problem !== undefined) {
      return {
        schedules,
        states: search.seen.size,
        ends: search.ends,
        problem: { what: problem, schedule: replay.log },
      };
    }
    if (takeGrown(contention)) search = beginSearch();
  }
  return { schedules, states: search.seen.size, ends: search.ends };
}

/**
 * The choices that need not be made in a state, because the same choice before, with everything after it, has led to
 * the same states ("sleep sets": Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems").
 */
type Node = { asleep: readonly Taken[] };
/** A schedule to follow: the choices up to a state, and one more choice there. */
type Branch = { readonly prefix: readonly number[]; readonly node: Node };
type Search = {
  readonly stack: Branch[];
  /** For each state that was seen, the choices that were asleep there, and so were not followed. */
  readonly seen: Map<string, readonly string[]>;
  ends: number;
};

function beginSearch(): Search {
  return { stack: [{ prefix: [], node: { asleep: [] } }], seen: new Map(), ends: 0 };
}

/** Repeats a schedule, then continues with first choices. Every other choice on the way becomes a branch. */
async function follow(replay: Replay, { prefix, node }: Branch, search: Search): Promise<string | undefined> {
  const taken: number[] = [];
  let here = node;
  for (;;) {
    const repeats = taken.length < prefix.length;
    const choices = await readyChoices(replay, repeats);
    if (typeof choices === 'string') return choices;
    let index = prefix[taken.length];
    if (index === undefined) {
      const open = openChoices(search, fingerprintOf(replay), choices, here);
      if (open === undefined) return undefined;
      if (choices.length === 0) return finishReplay(replay);
      here = { asleep: open.asleep };
      for (const other of open.indices.slice(1)) search.stack.push({ prefix: [...taken, other], node: here });
      index = open.indices[0] ?? 0;
    }
    const choice = choices[index];
    if (choice === undefined) throw new Error('the schedule does not repeat: an actor is not deterministic');
    taken.push(index);
    const made = await take(replay, choice);
    if (taken.length < prefix.length) continue;
    const { asleep } = here;
    here.asleep = [...asleep, made];
    here = { asleep: asleep.filter((one) => commute(one, made)) };
  }
}

/** The choices to follow from a state, and those that stay asleep there. Undefined when none is left to follow. */
function openChoices(
  { seen }: Search,
  state: string,
  choices: readonly Choice[],
  { asleep }: Node,
): { readonly indices: readonly number[]; readonly asleep: readonly Taken[] } | undefined {
  const before = seen.get(state);
  const kept = before === undefined ? asleep : asleep.filter(({ id }) => before.includes(id));
  const ids = kept.map(({ id }) => id);
  seen.set(state, ids);
  const indices: number[] = [];
  for (const [index, { id }] of choices.entries()) {
    const open = before === undefined ? !ids.includes(id) : before.includes(id) && !ids.includes(id);
    if (open) indices.push(index);
  }
  return indices.length === 0 && (before !== undefined || choices.length > 0) ? undefined : { indices, asleep: kept };
}
