// The partition of a tree: the parent of each member, and the doom flags.

import type { Key, Row } from '../../context.ts';
import type { DoomCause, Flag } from '../../execution/doom.ts';
import { type Scope, scopeText } from '../../execution/scope.ts';
import { given } from '../../given.ts';
import { type ExecutionId, type Id, isExecutionId } from '../../id/identifier.ts';
import { type Fields, fieldProblem } from '../field.ts';
import { defineRow, readRow } from '../kind.ts';

/** The content of a member row about its execution. `lineage` is as in the execution's own row. */
type MemberFacts = {
  readonly parentTry: number;
  readonly lineage: readonly string[];
  /** The workflow, if the execution is an analysis. */
  readonly workflow?: Id<'workflow'> | Id<'globalworkflow'>;
};
/** An execution that a job made or is about to make, or that of a stage, with its analysis as the parent. */
export type MemberRow = MemberFacts & {
  readonly sortKey: string;
  readonly parent: ExecutionId;
  readonly execution: ExecutionId;
};

export const memberKind = defineRow<MemberFacts>({
  table: 'executions',
  name: 'member',
  pk: 'tree#{root}',
  sk: '{parent}#{execution}',
  meaning:
    'An execution that a job or an analysis made, without its state. It is written before the row of the execution, so that no child is missed.',
  fields: { required: { parentTry: 'number', lineage: { each: 'text' } }, optional: { workflow: 'text' } },
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

/** The key of an execution that another one made. */
export function memberKey(root: ExecutionId, parent: ExecutionId, execution: ExecutionId): Key {
  return { pk: treeKey(root), sk: `${memberPrefix(parent)}${execution}` };
}

/** The beginning of the sort keys of the executions that one of them made. */
export function memberPrefix(parent: ExecutionId): string {
  return `${parent}#`;
}

/** The range of all members of a tree. It begins behind the flags. */
export const memberRange: { readonly prefix?: string; readonly after?: string } = { after: '!~' };

/** The row of an execution that another one made. */
export function memberRow(root: ExecutionId, member: Omit<MemberRow, 'sortKey'>): Row {
  const { parent, execution, parentTry, lineage, workflow } = member;
  return { ...memberKey(root, parent, execution), parentTry, lineage: [...lineage], ...given({ workflow }) };
}

/** A member of a tree. */
export function readMember(row: Row): MemberRow {
  const { sk: sortKey, parentTry, lineage, workflow } = readRow(memberKind, row);
  const hash = sortKey.indexOf('#');
  const parent = sortKey.slice(0, hash);
  const execution = sortKey.slice(hash + 1);
  if (!isExecutionId(parent) || !isExecutionId(execution)) {
    throw new Error(`The row ${row.pk} · ${sortKey} of executions does not name two executions`);
  }
  return { sortKey, parent, execution, parentTry, lineage, ...given({ workflow }) };
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
