// Lets two calls take turns on one memory context: the first makes some steps, then the second makes some, then each
// continues to its end. One of them may die instead.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { MemoryContext } from '../memory/context.ts';

export type Turns = {
  /** Steps that the first makes before the second begins. */
  readonly before: number;
  /** Steps that the second makes before the first continues. */
  readonly between: number;
  readonly dies?: 'first' | 'second' | undefined;
};
/** A call that died has neither `result` nor `error`. */
export type Ended = { readonly result?: unknown; readonly error?: unknown };
/** `firstWhole` and `secondWhole`: the call ended within its allowed steps, so more steps would not change anything. */
export type Played = {
  readonly first: Ended;
  readonly second: Ended;
  readonly firstWhole: boolean;
  readonly secondWhole: boolean;
};

type Call = { allowed: number; readonly waiting: (() => void)[]; ended: Ended | undefined };

const running = new AsyncLocalStorage<Call>();

/** Plays one way of taking turns. It replaces the context's hook, and leaves the context without one. */
export async function takeTurns(
  context: MemoryContext,
  acts: { first(): Promise<unknown>; second(): Promise<unknown> },
  { before, between, dies }: Turns,
): Promise<Played> {
  context.setHook({ before: waitForTurn });
  const first = begin(acts.first, before);
  await settled();
  const firstWhole = first.ended !== undefined;
  const second = begin(acts.second, between);
  await settled();
  const secondWhole = second.ended !== undefined;
  if (dies !== 'first') await goOn(first);
  if (dies !== 'second') await goOn(second);
  context.setHook({});
  return { first: first.ended ?? {}, second: second.ended ?? {}, firstWhole, secondWhole };
}

function begin(act: () => Promise<unknown>, allowed: number): Call {
  const call: Call = { allowed, waiting: [], ended: undefined };
  void running.run(call, async () => {
    try {
      call.ended = { result: await act() };
    } catch (error) {
      call.ended = { error };
    }
  });
  return call;
}

async function waitForTurn(): Promise<void> {
  const call = running.getStore();
  if (call === undefined) return;
  while (call.allowed <= 0) await new Promise<void>((resolve) => void call.waiting.push(resolve));
  call.allowed--;
}

async function goOn(call: Call): Promise<void> {
  call.allowed = Number.POSITIVE_INFINITY;
  for (const resolve of call.waiting.splice(0)) resolve();
  await settled();
  if (call.ended === undefined) throw new Error('a call neither ends nor takes a step');
}

/** Work in memory moves in microtasks, so after one macrotask each call has ended or waits for its turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
