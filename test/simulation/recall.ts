// Runs a call once more with the answers that it got, to learn what it would ask next.

import type { Step } from '../memory/rows.ts';
import { type Event, textOfStep } from './future.ts';

/** `pending`: the steps that are asked for and have no answer. */
export type Recall = {
  pending: { readonly step: Step; readonly proceed: () => void }[];
  /** The events of the present move, and how many of them have come. */
  events: readonly Event[];
  made: number;
  readonly answers: WeakMap<Step, Event>;
  failure?: unknown;
};

export function beginRecall(): Recall {
  return { pending: [], events: [], made: 0, answers: new WeakMap() };
}

/** A step is asked for. It is answered when its event comes. */
export function recallStep(recall: Recall, step: Step): Promise<void> {
  return new Promise((proceed) => void recall.pending.push({ step, proceed }));
}

/** The event of a step, with a result that the caller may change. */
export function answerOf({ answers }: Recall, step: Step): Event {
  const event = answers.get(step);
  if (event === undefined) throw new Error(`nobody knows the answer of ${step.name} ${step.detail}`);
  return step.port === 'bodies' ? { ...event, result: structuredClone(event.result) } : event;
}

/** Answers steps in the order of the events. False when one of the steps was not asked for. */
export async function goOn(recall: Recall, events: readonly Event[], settled: () => Promise<void>): Promise<boolean> {
  await settled();
  for (const event of events) {
    const text = textOfStep(event.step);
    const asked = recall.pending.filter(({ step }) => textOfStep(step) === text)[event.before];
    if (asked === undefined) return false;
    recall.pending = recall.pending.filter((one) => one !== asked);
    recall.answers.set(asked.step, event);
    asked.proceed();
    await settled();
  }
  return true;
}
