// Tracks up to which record a shard is done without gaps, while its records are finished in any order.

import type { Position } from './position-table.ts';

export type Watermark = {
  /** Notes a record as read. Returns false when it was read before. Records come in the order of the shard. */
  add(sequenceNumber: string): boolean;
  done(sequenceNumbers: readonly string[]): void;
  /** Notes that the shard holds no further record. */
  end(): void;
  /** Returns the position if it moved since the last call. */
  moved(): Position | undefined;
  pendingCount(): number;
};

export function createWatermark(): Watermark {
  /** Records in the order of reading, with true for those that are done. */
  const pending = new Map<string, boolean>();
  let last: string | undefined;
  let told: Position | undefined;
  let ended = false;
  return {
    add(sequenceNumber) {
      if (pending.has(sequenceNumber) || sequenceNumber === last) return false;
      pending.set(sequenceNumber, false);
      return true;
    },
    done(sequenceNumbers) {
      for (const sequenceNumber of sequenceNumbers) if (pending.has(sequenceNumber)) pending.set(sequenceNumber, true);
      for (const [sequenceNumber, isDone] of pending) {
        if (!isDone) break;
        pending.delete(sequenceNumber);
        last = sequenceNumber;
      }
    },
    end() {
      ended = true;
    },
    moved() {
      const position: Position | undefined =
        ended && pending.size === 0 ? 'end' : last === undefined ? undefined : { sequenceNumber: last };
      if (JSON.stringify(position) === JSON.stringify(told)) return undefined;
      told = position;
      return position;
    },
    pendingCount: () => pending.size,
  };
}
