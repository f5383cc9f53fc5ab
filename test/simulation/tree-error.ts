// Errors to plant in the worlds of tree.test.ts. Each is an order of steps that docs/reference/protocols.md shows to be
// wrong.

import { beforeMembers } from '../../core/job/row.ts';
import { executionKey } from '../../core/row/execution/execution.ts';
import { memberPrefix, readMember, treeKey } from '../../core/row/execution/tree.ts';
import type { MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { ended } from '../memory/workers.ts';
import { currentActor } from './replay.ts';

/** The finisher's query answers the members from before its state was written. */
export function readMembersEarly({ rows, workers }: MemoryContext): void {
  const { update, query } = rows;
  let early: Awaited<ReturnType<typeof query>> | undefined;
  rows.update = async (table, key, change, expected) => {
    if (key.pk === jobId('p') && change.set?.state === 'waiting_on_output') {
      early = await query('executions', { pk: treeKey(jobId('p')), prefix: memberPrefix(jobId('p')), limit: 10 });
      // The explorer cannot see this variable. A task makes states that differ only in what was read different.
      workers.states.set('read early', ended('unknown', String(early.rows.length)));
    }
    return update(table, key, change, expected);
  };
  rows.query = async (table, range) =>
    range.prefix === memberPrefix(jobId('p')) && early ? early : query(table, range);
}

export function trustTheParent({ rows }: MemoryContext): void {
  const { getMany, query } = rows;
  rows.getMany = async (table, keys) => {
    const found = await getMany(table, keys);
    return found.map((row) => (row?.name === 'p' && currentActor() === 'creator' ? { ...row, state: 'running' } : row));
  };
  // Tombstones would catch the error, so they are left out.
  rows.query = async (table, range) => {
    const page = await query(table, range);
    if (!range.pk.startsWith(treePrefix)) return page;
    const born = page.rows.filter((row) => rows.peek('executions', executionKey(readMember(row).execution)));
    return { ...page, rows: born };
  };
}

/** The parent's row does not say that it makes a job. */
export function hideBirths({ rows }: MemoryContext): void {
  const { update, get } = rows;
  rows.update = async (table, key, change, expected) => {
    if (change.set?.cursor !== beforeMembers) return update(table, key, change, expected);
    const row = await get(table, key);
    return row && { ...row, cursor: beforeMembers };
  };
}

/** The parent's row says that it makes a job, whatever its state is by then. */
export function markBlindly({ rows }: MemoryContext): void {
  const { update } = rows;
  rows.update = (table, key, change, expected) =>
    update(table, key, change, change.set?.cursor === beforeMembers ? {} : expected);
}

/** The end in the call that reports is not conditional on the mark. */
export function ignoreTheMark({ rows }: MemoryContext): void {
  const { update } = rows;
  rows.update = (table, key, change, expected) => {
    const { cursor, ...others } = expected ?? {};
    return update(table, key, change, change.set?.state === 'done' ? others : expected);
  };
}

export function putFlagsLate({ rows }: MemoryContext): void {
  const { put, query } = rows;
  let late: (() => Promise<unknown>) | undefined;
  rows.put = async (table, row, expected) => {
    if (!row.sk.startsWith('!doom')) return put(table, row, expected);
    late = () => put(table, row, expected);
    return true;
  };
  const { getMany } = rows;
  // The actor that ends the tree still sees its own flag.
  rows.getMany = async (table, keys) => {
    const found = await getMany(table, keys);
    if (late === undefined || currentActor() === 'creator' || currentActor().startsWith('worker')) return found;
    const cause = { kind: 'termination', execution: jobId('o'), try: 0, by: 'user-alice' };
    return found.map(
      (row, index) =>
        row ?? (keys[index]?.sk.endsWith('#termination') ? { ...keys[index], cause, created: 0 } : undefined),
    );
  };
  rows.query = async (table, range) => {
    const page = await query(table, range);
    const flag = range.pk.startsWith(treePrefix) ? late : undefined;
    if (flag !== undefined) late = undefined;
    await flag?.();
    return page;
  };
}

export function claimBlindly({ rows }: MemoryContext): void {
  const { getMany } = rows;
  rows.getMany = async (table, keys) => {
    const found = await getMany(table, keys);
    if (!currentActor().startsWith('worker')) return found;
    return found.map((row) => (row?.sk.startsWith('!doom') ? undefined : row));
  };
}

/** The wait before the next try does not see the members. */
export function forgetMembers({ rows }: MemoryContext): void {
  const { query } = rows;
  let calls = 0;
  rows.query = async (table, range) => {
    const page = await query(table, range);
    if (!range.pk.startsWith(treePrefix)) return page;
    calls++;
    return calls > 0 ? { rows: [] } : page;
  };
}

const treePrefix = 'tree#';
