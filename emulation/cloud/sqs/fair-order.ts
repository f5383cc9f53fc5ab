// Chooses the next messages when several groups wait. It is pure.

/** A group with waiting messages: its number of messages in flight, and its waiting messages, oldest first. */
export type WaitingGroup<Message> = {
  readonly group: string;
  readonly inFlightCount: number;
  readonly waiting: readonly Message[];
};

/**
 * Picks at most `max` messages so that no group starves another (SQS fair queues). Each pick goes to the group with the
 * fewest messages in flight, counting the picks made so far. Among equals it goes to the group whose oldest message
 * became visible first.
 */
export function pickFairly<Message extends { visibleAt: number; id: number }>(
  groups: readonly WaitingGroup<Message>[],
  max: number,
): Message[] {
  const states = groups.map((group) => ({ inFlightCount: group.inFlightCount, waiting: [...group.waiting] }));
  const picked: Message[] = [];
  while (picked.length < max) {
    let best: (typeof states)[number] | undefined;
    for (const state of states) {
      if (state.waiting[0] && (!best || comesBefore(state, best))) best = state;
    }
    const message = best?.waiting.shift();
    if (!best || !message) break;
    best.inFlightCount += 1;
    picked.push(message);
  }
  return picked;
}

type State = {
  readonly inFlightCount: number;
  readonly waiting: readonly { readonly visibleAt: number; readonly id: number }[];
};

function comesBefore(one: State, other: State): boolean {
  if (one.inFlightCount !== other.inFlightCount) return one.inFlightCount < other.inFlightCount;
  const [first] = one.waiting;
  const [second] = other.waiting;
  if (!first || !second) return first !== undefined;
  return first.visibleAt === second.visibleAt ? first.id < second.id : first.visibleAt < second.visibleAt;
}
