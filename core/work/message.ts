// Messages of the work queue: what one invocation leaves for the next. Each may be lost, doubled or late: what it asks for is
// also found by the sweep, from the rows alone.

import type { Value } from '../context.ts';
import { isId, isObjectId, isPlaceId, type JobId, type ObjectId, type PlaceId } from '../id/identifier.ts';

export type WorkMessage =
  /** Look at a job. */
  | { readonly kind: 'advance'; readonly job: JobId }
  /** Go on with the consequences of an ended try: from a stage, after a key within it. */
  | {
      readonly kind: 'settle';
      readonly job: JobId;
      readonly try: number;
      readonly stage: Stage;
      readonly after: string;
    }
  /** Wake who waits for an object, after a key. */
  | { readonly kind: 'wake'; readonly object: ObjectId; readonly after: string }
  /** Go on emptying a workspace whose job is settled, or a project that was destroyed. */
  | { readonly kind: 'destroy'; readonly container: PlaceId; readonly after: string };

/** The stages of an end that may take more than one message. */
export const stages = ['endTree', 'endDescendants', 'wakeWaiters', 'destroyWorkspace'] as const;
export type Stage = (typeof stages)[number];

/** Reads a message; undefined when it is none that this version knows. */
export function readWorkMessage(body: unknown): WorkMessage | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { kind, job, object, container, after, stage, try: attempt } = body as Record<string, unknown>;
  if (kind === 'advance') return isId(job, 'job') ? { kind, job } : undefined;
  if (typeof after !== 'string') return undefined;
  if (kind === 'wake') return isObjectId(object) ? { kind, object, after } : undefined;
  if (kind === 'destroy') return isPlaceId(container) ? { kind, container, after } : undefined;
  if (kind !== 'settle' || !isId(job, 'job') || typeof attempt !== 'number' || !isStage(stage)) return undefined;
  return { kind, job, try: attempt, stage, after };
}

/** A message as the queue takes it. */
export function toWorkRecord(message: WorkMessage): { readonly [name: string]: Value } {
  return { ...message };
}

function isStage(text: unknown): text is Stage {
  return (stages as readonly unknown[]).includes(text);
}
