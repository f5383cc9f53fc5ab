// Remembers rows that never change once they are written, so that one process reads each of them once.

import type { Row } from '../../core/context.ts';

export type RowMemo = {
  get(key: string): Row | undefined;
  set(key: string, row: Row): void;
};

export function createRowMemo(): RowMemo {
  const rows = new Map<string, Row>();
  const keep = (key: string, row: Row) => {
    rows.delete(key);
    rows.set(key, row);
    const [oldest] = rows.keys();
    if (rows.size > keptCount && oldest !== undefined) rows.delete(oldest);
  };
  return {
    get(key) {
      const row = rows.get(key);
      if (row !== undefined) keep(key, row);
      return row;
    },
    set: keep,
  };
}

/**
 * The number of rows that are kept: the last ones that were read. A row holds at most some KB (bodies.ts), so that all
 * are a few MB.
 */
const keptCount = 500;
