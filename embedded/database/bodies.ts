// JSON documents of executions as rows. SQLite takes documents of any size, so that none is compressed or kept elsewhere.

import type { Bodies, Rows } from '../../core/context.ts';
import { bodyKey, readBody } from '../../core/row/execution/body.ts';

export function createBodies(rows: Rows): Bodies {
  const textOf = (row: Awaited<ReturnType<Rows['get']>>, kind: Parameters<Bodies['load']>[1]) =>
    readBody(row, kind)?.json;
  return {
    save: (id, kind, body, options) =>
      rows.put(
        'executions',
        { ...bodyKey(id, kind), json: JSON.stringify(body) },
        options?.ifAbsent ? 'absent' : undefined,
      ),
    async load(id, kind) {
      const text = textOf(await rows.get('executions', bodyKey(id, kind)), kind);
      return text === undefined ? undefined : JSON.parse(text);
    },
    async *loadEach(ids, kind) {
      for (const id of ids) yield this.load(id, kind);
    },
    // No body is outside its row.
    collect: async () => undefined,
  };
}
