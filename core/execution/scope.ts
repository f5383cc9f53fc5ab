// Scopes: the parts of a tree that end, or start again, as a whole. A row's lineage names every scope that encloses it, and
// a doom flag is put on one of them.

import { type AnalysisId, type ExecutionId, isId, type JobId } from '../id/identifier.ts';

/**
 * One try of an execution, with everything below it: an analysis, a master job, or a subjob that may restart by itself.
 */
export type Scope =
  | { readonly kind: 'analysis'; readonly execution: AnalysisId; readonly try: number }
  | { readonly kind: 'master' | 'subjob'; readonly execution: JobId; readonly try: number };

/** The scope of one try of a master job. */
export function masterScope(execution: JobId, attempt: number): Extract<Scope, { execution: JobId }> {
  return { kind: 'master', execution, try: attempt };
}

/** An analysis with everything below it. It has one try. */
export function analysisScope(execution: AnalysisId): Extract<Scope, { kind: 'analysis' }> {
  return { kind: 'analysis', execution, try: 0 };
}

/** A scope in the form of its doom flag's key: `master:job-x:0`. */
export function scopeText({ kind, execution, try: attempt }: Scope): string {
  return `${kind}:${execution}:${attempt}`;
}

/**
 * A scope in the form of a lineage: `m:job-x:0`. It is short, because the row of a deep job has to stay within 1 KB.
 */
export function lineageEntry({ kind, execution, try: attempt }: Scope): string {
  return `${kind[0]}:${execution}:${attempt}`;
}

/**
 * Reads a `lineageEntry`.
 *
 * @throws Error when it is malformed
 */
export function readLineageEntry(entry: string): Scope {
  const [letter, execution, attempt, ...rest] = entry.split(':');
  const number = attempt !== undefined && /^\d+$/.test(attempt) && rest.length === 0 ? Number(attempt) : undefined;
  if (number !== undefined && letter === 'a' && isId(execution, 'analysis')) {
    return { kind: 'analysis', execution, try: number };
  }
  if (number !== undefined && (letter === 'm' || letter === 's') && isId(execution, 'job')) {
    return { kind: letter === 'm' ? 'master' : 'subjob', execution, try: number };
  }
  throw new Error(`"${entry}" is not a scope of a lineage: "<a, m or s>:<id>:<try>" was expected`);
}

/** True when a lineage contains the scope. An execution is not inside its own scope. */
export function isInside(lineage: readonly string[], scope: Scope): boolean {
  return lineage.includes(lineageEntry(scope));
}

/** The innermost scope of a lineage that has a workspace. Undefined when there is none. */
export function innermostMaster(lineage: readonly string[]): Extract<Scope, { execution: JobId }> | undefined {
  for (const entry of lineage.toReversed()) {
    const scope = readLineageEntry(entry);
    if (scope.kind === 'master') return scope;
  }
  return undefined;
}

/** The scope of an execution in a lineage. Undefined when the lineage does not contain it. */
export function scopeIn(lineage: readonly string[], execution: ExecutionId): Scope | undefined {
  return lineage.map(readLineageEntry).find((scope) => scope.execution === execution);
}
