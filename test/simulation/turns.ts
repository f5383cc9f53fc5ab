// Two calls that take turns on one memory context: the first makes some of its steps, then the other some of its own, then
// each goes on to its end; one of them may never go on.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { MemoryContext } from '../memory/context.ts';

export type Turns = {
  /** Steps that the first makes before the other begins. */
  readonly before: number;
  /** Steps of the other, before the first goes on. */
  readonly between: number;
  readonly dies?: 'first' | 'second' | undefined;
};
/** `result` and `error` are missing of a call that died. */
export type Ended = { readonly result?: unknown; readonly error?: unknown };
/** `firstWhole`, `secondWhole`: they ended within the steps that they were allowed, so that more would change nothing. */
export type Played = {
  readonly first: Ended;
  readonly second: Ended;
  readonly firstWhole: boolean;
  readonly secondWhole: boolean;
};

type Call = { allowed: number; readonly waiting: (() => void)[]; ended: Ended | undefined };

const running = new AsyncLocalStorage<Call>();

/** Plays one way of taking turns. Takes the context's hook, and leaves it without one. */
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

/** Everything in memory moves in microtasks: after one macrotask each call has ended, or waits for its turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
