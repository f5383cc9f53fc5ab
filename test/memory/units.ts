// Counts what the calls of a test would cost in DynamoDB: write units by item size, including the sparse index. Bodies
// within 8 KB are items too. Reads are counted separately.

import { openIndex } from '../../aws/dynamo/tables.ts';
import type { BodyKind, Row } from '../../core/context.ts';
import { rowBytes } from '../../core/job/size.ts';
import type { MemoryContext } from './context.ts';

export type Units = { writes: number; reads: number; readonly byKey: Map<string, number> };

/** Counts from now on. It takes the context's hook and record listener, and still calls the earlier listener. */
export function countUnits(context: MemoryContext): Units {
  const units: Units = { writes: 0, reads: 0, byKey: new Map() };
  const add = (key: string, count: number): void => {
    units.writes += count;
    units.byKey.set(key, (units.byKey.get(key) ?? 0) + count);
  };
  const listener = context.rows.onChange;
  let changed = false;
  context.rows.onChange = (change) => {
    changed = true;
    const { before, after, table } = change;
    const size = Math.max(before === undefined ? 0 : rowBytes(before), after === undefined ? 0 : rowBytes(after));
    const key = `${table} ${(after ?? before)?.sk.replace(/[-#].*$/, '') ?? ''}`;
    add(key, Math.max(1, Math.ceil(size / 1024)));
    if (table === 'executions') add('index', indexUnits(before, after));
    listener?.(change);
  };
  context.setHook({
    after: ({ port, name, writes, detail, keys }) => {
      if (port === 'bodies' && writes) add('body', bodyUnits(context, detail));
      else if (port === 'rows' && writes && !changed) add(`unchanged ${detail.split(' ')[0]}`, 1);
      else if (!writes && port !== 'queues' && port !== 'workers')
        units.reads += name === 'getMany' ? (keys?.length ?? 1) : 1;
      changed = false;
    },
  });
  return units;
}

/** `detail` is `<id>/<kind>`. */
function bodyUnits(context: MemoryContext, detail: string): number {
  const slash = detail.lastIndexOf('/');
  const body = context.bodies.peek(detail.slice(0, slash), detail.slice(slash + 1) as BodyKind);
  return Math.ceil((detail.length + JSON.stringify(body).length) / 1024);
}

/** A put or a delete of an index entry costs 1. Another key costs both. */
function indexUnits(before: Row | undefined, after: Row | undefined): number {
  const keyOf = (row: Row | undefined): string | undefined =>
    row?.[openIndex.partitionKey] === undefined
      ? undefined
      : `${row[openIndex.partitionKey]} ${row[openIndex.sortKey]}`;
  const [old, fresh] = [keyOf(before), keyOf(after)];
  if (old === fresh) return 0;
  return (old === undefined ? 0 : 1) + (fresh === undefined ? 0 : 1);
}
