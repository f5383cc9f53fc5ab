// Kinds of rows as data: the table, the keys, the meaning and the fields. A row that was read is checked against its
// kind before it gets the kind's type.

import type { Key, Row, TableName } from '../context.ts';
import { type AnyFields, type Fields, fieldProblem } from './field.ts';

/**
 * The description of a kind, for docs/rows.md. In `pk` and `sk` a word in braces is a part of the key: see `keyParts`.
 */
export type RowDescription = {
  readonly table: TableName;
  /** One or two words. */
  readonly name: string;
  readonly pk: string;
  readonly sk: string;
  /** One plain sentence. */
  readonly meaning: string;
  /** The attribute `v` of every row of the kind. Absent when the kind has no version. */
  readonly version?: number;
};
/** A kind of rows that are read as `Type`. */
export type RowKind<Type> = RowDescription & {
  readonly fields: Fields<Omit<Type, 'pk' | 'sk'>>;
} & KeyTest;
/** A kind of rows, of whatever type. */
export type AnyRowKind = RowDescription & { readonly fields: AnyFields } & KeyTest;
type KeyTest = {
  /** True for a key that only a row of this kind has in its table. */
  matches(key: Key): boolean;
  /** True when a query of a partition, for sort keys that begin so, may find rows of this kind. */
  mayBeFound(pk: string, prefix: string): boolean;
};

/** A kind of rows, with the check of its keys. */
export function defineRow<Type>(kind: Omit<RowKind<Type>, keyof KeyTest>): RowKind<Type> {
  const pk = keyPattern(kind.pk);
  const sk = keyPattern(kind.sk);
  const [beginning = ''] = kind.sk.split('{');
  return {
    ...kind,
    matches: (key) => sk.test(key.sk) && pk.test(key.pk),
    mayBeFound: (partition, prefix) => {
      return pk.test(partition) && (beginning.startsWith(prefix) || prefix.startsWith(beginning));
    },
  };
}

/**
 * A row of the store as a row of that kind.
 *
 * @throws Error that names the table and the key, and what is wrong, when it is not one
 */
export function readRow<Type>(kind: RowKind<Type>, row: Row): Type & Key {
  if (checked.get(row) === kind) return row as unknown as Type & Key;
  const problem = rowProblem(kind, row);
  if (problem !== undefined) throw new Error(`The row ${row.pk} · ${row.sk} of ${kind.table} ${problem}`);
  checked.set(row, kind);
  return row as unknown as Type & Key;
}

/** Rows do not change, and some stores hand out the same row again. */
const checked = new WeakMap<Row, AnyRowKind>();

function rowProblem(kind: AnyRowKind, row: Row): string | undefined {
  if (!kind.matches(row)) return `has another key than ${kind.name}: ${kind.pk} · ${kind.sk}`;
  if (kind.version !== undefined && row.v !== kind.version) {
    return `is not of version ${kind.version}, which this program reads: its "v" is ${typeof row.v === 'number' ? row.v : 'missing'}`;
  }
  const problem = fieldProblem(row, kind.fields);
  return problem === undefined ? undefined : `is malformed (${kind.name}): ${problem}`;
}

/** The pattern of a key, from its text with words in braces. */
function keyPattern(text: string): RegExp {
  const source = text.replace(/\{([a-z0-9 ]+)\}|[^{]+/g, (literal: string, part: string | undefined) => {
    if (part === undefined) return literal.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
    const pattern = keyParts[part];
    if (pattern === undefined) throw new Error(`The key "${text}" has a part {${part}} that keyParts does not know`);
    return `(?:${pattern})`;
  });
  return new RegExp(`^${source}$`, 'su');
}

/** The words in braces: every id ends where a `#` follows. */
const keyParts: { readonly [word: string]: string } = {
  job: 'job-[^#]+',
  execution: '(?:job|analysis)-[^#]+',
  'job and later try': 'job-[^#]+(?:#\\d+)?',
  analysis: 'analysis-[^#]+',
  root: '(?:job|analysis)-[^#]+',
  parent: '(?:job|analysis)-[^#]+',
  waiter: '(?:job|analysis)-[^#]+',
  scope: '(?:analysis|master|subjob):[^#]+',
  doom: 'termination|failure|restart',
  object: '(?:record|file|applet|workflow)-[^#]+',
  file: 'file-[^#]+',
  'linking object': '(?:record|file|applet|workflow)-[^#]+',
  'execution or object': '(?:job|analysis|record|file|applet|workflow)-[^#]+',
  container: 'container-[^#]+',
  project: 'project-[^#]+',
  place: '(?:project|container)-[^#]+',
  published: '(?:app|globalworkflow)-[^#]+',
  'published name': '(?:app|globalworkflow)-[^#]+',
  user: 'user-[^#]+',
  member: 'user-[^#]+|PUBLIC',
  connection: '.+',
  try: '\\d+',
  'try in 4 digits': '\\d{4,}',
  'number in 5 digits': '\\d{5,}',
  'created in 13 digits': '\\d{13,}',
  phase: '[a-z]+',
  sha256: '[0-9A-Za-z_-]+',
  folder: '[^#]+',
  name: '.*',
};
