// JSON documents of executions as rows. SQLite takes documents of any size, so that none is compressed or kept elsewhere.

import type { Bodies, BodyKind, Rows } from '../../core/context.ts';
import { bodyKey, readBody } from '../../core/row/execution/body.ts';

export function createBodies(rows: Rows): Bodies {
  const load = async (id: string, kind: BodyKind): Promise<unknown> => {
    const text = readBody(await rows.get('executions', bodyKey(id, kind)), kind)?.json;
    return text === undefined ? undefined : JSON.parse(text);
  };
  return {
    load,
    save: (id, kind, body, { ifAbsent = false } = {}) =>
      rows.put('executions', { ...bodyKey(id, kind), json: JSON.stringify(body) }, ifAbsent ? 'absent' : undefined),
    async *loadEach(ids, kind) {
      for (const id of ids) yield load(id, kind);
    },
    // No body is outside its row.
    collect: async () => undefined,
  };
}
