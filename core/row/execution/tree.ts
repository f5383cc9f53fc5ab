// The partition of a tree: the parent of each member, and the doom flags.

import type { Key, Row } from '../../context.ts';
import type { DoomCause, Flag } from '../../execution/doom.ts';
import { type Scope, scopeText } from '../../execution/scope.ts';
import { type ExecutionId, isExecutionId, isId, type JobId } from '../../id/identifier.ts';
import { type Fields, fieldProblem } from '../field.ts';
import { defineRow, readRow } from '../kind.ts';

/** The content of a member row about its job. `lineage` is as in the job row. */
type MemberFacts = { readonly parentTry: number; readonly lineage: readonly string[] };
/** A job that another job made or is about to make, or the job of a stage, with its analysis as the parent. */
export type MemberRow = MemberFacts & { readonly sortKey: string; readonly parent: ExecutionId; readonly job: JobId };

export const memberKind = defineRow<MemberFacts>({
  table: 'executions',
  name: 'member',
  pk: 'tree#{root}',
  sk: '{parent}#{job}',
  meaning:
    'A job that another job or an analysis made, without its state. It is written before the job row, so that no child is missed.',
  fields: { required: { parentTry: 'number', lineage: { each: 'text' } }, optional: {} },
});
export const doomKind = defineRow<{ readonly cause: DoomCause; readonly created: number }>({
  table: 'executions',
  name: 'doom flag',
  pk: 'tree#{root}',
  sk: '!doom#{scope}#{doom}',
  meaning: 'Everything in that scope has to end. Each kind of doom has its own flag. Claims and births read the flags.',
  fields: { required: { cause: 'map', created: 'number' }, optional: {} },
});

/** The partition of a tree's member rows and doom flags. */
export function treeKey(root: ExecutionId): string {
  return `tree#${root}`;
}

/** The key of a job that another execution made. */
export function memberKey(root: ExecutionId, parent: ExecutionId, job: JobId): Key {
  return { pk: treeKey(root), sk: `${memberPrefix(parent)}${job}` };
}

/** The beginning of the sort keys of the jobs that one execution made. */
export function memberPrefix(parent: ExecutionId): string {
  return `${parent}#`;
}

/** The range of all members of a tree. Below an analysis it begins behind the flags. */
export function memberRange(root: ExecutionId): { readonly prefix?: string; readonly after?: string } {
  return isId(root, 'job') ? { prefix: 'job-' } : { after: '!~' };
}

/** The row of a job that another execution made. */
export function memberRow(root: ExecutionId, member: Omit<MemberRow, 'sortKey'>): Row {
  const { parent, job, parentTry, lineage } = member;
  return { ...memberKey(root, parent, job), parentTry, lineage: [...lineage] };
}

/** A member of a tree. */
export function readMember(row: Row): MemberRow {
  const { sk: sortKey, parentTry, lineage } = readRow(memberKind, row);
  const hash = sortKey.indexOf('#');
  const parent = sortKey.slice(0, hash);
  const job = sortKey.slice(hash + 1);
  if (!isExecutionId(parent) || !isId(job, 'job')) {
    throw new Error(`The row ${row.pk} · ${sortKey} of executions names no execution and its job`);
  }
  return { sortKey, parent, job, parentTry, lineage };
}

/** The key of a flag. It sorts before all members. */
export function doomKey(root: ExecutionId, { scope, kind }: Flag): Key {
  return { pk: treeKey(root), sk: `!doom#${scopeText(scope)}#${kind}` };
}

/** The flag on a scope. */
export function doomRow(root: ExecutionId, scope: Scope, cause: DoomCause, created: number): Row {
  return { ...doomKey(root, { scope, kind: cause.kind }), cause, created };
}

/** Why a scope is doomed. Undefined when it is not. */
export function readDoom(row: Row | undefined): DoomCause | undefined {
  if (row === undefined) return undefined;
  const { cause } = readRow(doomKind, row);
  const fields = causeFields[cause.kind];
  const problem = fields === undefined ? '"kind" is unknown' : fieldProblem(cause, fields);
  if (problem === undefined) return cause;
  throw new Error(`The row ${row.pk} · ${row.sk} of executions is malformed (doom flag): in "cause", ${problem}`);
}

const whose = { execution: 'text', try: 'number' } as const;
const why = { reason: 'text', message: 'text' } as const;
const causeFields: {
  readonly [Kind in DoomCause['kind']]: Fields<Extract<DoomCause, { kind: Kind }>>;
} = {
  failure: { required: { kind: ['failure'], ...whose, ...why }, optional: {} },
  termination: { required: { kind: ['termination'], ...whose, by: 'text' }, optional: {} },
  restart: { required: { kind: ['restart'], ...whose, ...why }, optional: {} },
};
