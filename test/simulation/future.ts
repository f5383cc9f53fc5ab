// What an actor was found to do behind a state: the steps that it waits for, and for each answer that it was found to get
// the steps that it waits for then. Two actors that agree on a future can take each other's place in front of it, even if
// they have read different things before.

import { hash } from 'node:crypto';
import type { Step } from '../memory/rows.ts';

/**
 * A step that was made, and its result. The answer of a call may be lost although the step was made. `before`: how many
 * equal steps the actor had asked for earlier that were not made yet.
 */
export type Event = {
  readonly step: Step;
  readonly result: unknown;
  readonly isLost: boolean;
  readonly before: number;
};
/** What an actor did in one turn. `key` is a digest of the events. */
export type Move = { readonly key: string; readonly events: readonly Event[] };
export type Future = {
  readonly id: number;
  /** The steps that the actor waits for. */
  readonly asks: string;
  readonly moves: ReadonlyMap<string, { readonly move: Move; readonly to: Future }>;
};
export type Moves = Map<string, { readonly move: Move; readonly to: Future }>;
export type Futures = {
  /** A future that is the same object for equal contents. */
  keep(asks: string, moves: Future['moves']): Future;
  /** Adds a move to others. What may follow the same move is united. */
  add(moves: Moves, move: Move, to: Future): void;
};
/** Something of which is known what it did, and which can be asked what it would do after further moves. */
export type Asked = {
  /** A digest of everything that it has asked and read. */
  readonly history: string;
  /** What it would wait for at present, and after each of the moves. */
  askAfter(moves: readonly Move[]): Promise<readonly string[]>;
};

export function createFutures(): Futures {
  const kept = new Map<string, Future>();
  const unions = new Map<string, Future>();
  const futures: Futures = {
    keep: (asks, moves) => {
      const text = `${asks} ${[...moves].map(([key, { to }]) => `${key} ${to.id}`).sort()}`;
      const known = kept.get(text) ?? { id: kept.size, asks, moves: new Map(moves) };
      kept.set(text, known);
      return known;
    },
    add: (moves, move, to) => {
      const known = moves.get(move.key);
      moves.set(move.key, known === undefined ? { move, to } : { move: known.move, to: unite(known.to, to) });
    },
  };
  const unite = (first: Future, second: Future): Future => {
    if (first === second) return first;
    const pair = `${Math.min(first.id, second.id)} ${Math.max(first.id, second.id)}`;
    const known = unions.get(pair);
    if (known !== undefined) return known;
    if (first.asks !== second.asks) throw new Error(`an actor is not deterministic: ${first.asks}, ${second.asks}`);
    const moves: Moves = new Map(first.moves);
    for (const { move, to } of second.moves.values()) futures.add(moves, move, to);
    const united = futures.keep(first.asks, moves);
    unions.set(pair, united);
    return united;
  };
  return futures;
}

/** A text that is equal for equal calls of a port. */
export function textOfStep(step: Step): string {
  const known = texts.get(step);
  if (known !== undefined) return known;
  const text = `${step.name} ${step.detail} ${JSON.stringify(step.args)}`;
  texts.set(step, text);
  return text;
}

/** How many of the steps before this one are equal to it. */
export function equalBefore(steps: readonly Step[], step: Step): number {
  if (steps.length === 0) return 0;
  const text = textOfStep(step);
  const end = steps.indexOf(step);
  return steps.slice(0, end < 0 ? steps.length : end).filter((one) => textOfStep(one) === text).length;
}

/** Remembers who agrees on what. */
export type Agreements = { readonly asks: Map<string, string>; readonly agreed: Map<string, boolean> };

export function createAgreements(): Agreements {
  return { asks: new Map(), agreed: new Map() };
}

/**
 * Whether an actor would wait for the same steps, after every answer of a future. A future with too many ways through it
 * is not followed to its end. The actor then counts as another one.
 */
export async function agrees(asked: Asked, future: Future, agreements: Agreements): Promise<boolean> {
  return agreesAfter({ asked, agreements, path: [], history: asked.history, effort: { spent: 0 } }, future);
}

type Inquiry = {
  readonly asked: Asked;
  readonly agreements: Agreements;
  readonly path: readonly Move[];
  readonly history: string;
  readonly effort: { spent: number };
};

async function agreesAfter(inquiry: Inquiry, future: Future): Promise<boolean> {
  const { agreements, path, history, effort } = inquiry;
  const pair = `${history} ${future.id}`;
  const known = agreements.agreed.get(pair);
  if (known !== undefined) return known;
  if (++effort.spent > maximumEffort) return false;
  if (!agreements.asks.has(history)) await ask(inquiry, future);
  let agreed = agreements.asks.get(history) === future.asks;
  for (const { move, to } of future.moves.values()) {
    if (!agreed) break;
    agreed = await agreesAfter({ ...inquiry, path: [...path, move], history: historyAfter(history, move) }, to);
  }
  agreements.agreed.set(pair, agreed);
  return agreed;
}

/** Asks once for the whole way to one end of the future, because each question begins at the beginning. */
async function ask({ asked, agreements, path }: Inquiry, future: Future): Promise<void> {
  const way = [...path];
  for (let here: Future | undefined = future; here !== undefined; ) {
    const [first] = here.moves.values() as Iterable<{ readonly move: Move; readonly to: Future }>;
    if (first !== undefined) way.push(first.move);
    here = first?.to;
  }
  const answers = await asked.askAfter(way);
  let history = asked.history;
  for (const [index, answer] of answers.entries()) {
    agreements.asks.set(history, answer);
    const move = way[index];
    if (move !== undefined) history = historyAfter(history, move);
  }
}

export function historyAfter(history: string, { key }: Move): string {
  return hash('sha1', `${history}\n${key}`, 'base64');
}

const maximumEffort = 300;
const texts = new WeakMap<Step, string>();
