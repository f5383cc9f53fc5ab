// Finds the references in a value, at any depth.

import type { JobId, ObjectId } from '../id/identifier.ts';
import { type Reference, readReference } from './reference.ts';
import { exceedsDepth, isHash, maximumDepth } from './value.ts';

/** Every reference, in order. Malformed links are left out: `checkReferences` reports them. */
export function findReferences(value: unknown): Reference[] {
  return scan(value, '').references;
}

/** A sentence for each malformed link, and for nesting beyond `maximumDepth`. Empty when there is no problem. */
export function checkReferences(value: unknown, path: string): string[] {
  if (exceedsDepth(value)) return [`${path} nests arrays and hashes deeper than ${maximumDepth} levels`];
  return scan(value, path).problems;
}

/** The jobs whose outputs are referred to, each once. */
export function referredJobs(references: readonly Reference[]): JobId[] {
  return [...new Set(references.flatMap((one) => (one.kind === 'job' ? [one.job] : [])))];
}

/** The data objects that are linked to, each once. */
export function referredObjects(references: readonly Reference[]): ObjectId[] {
  return [...new Set(references.flatMap((one) => (one.kind === 'object' ? [one.object] : [])))];
}

function scan(value: unknown, path: string): { references: Reference[]; problems: string[] } {
  const references: Reference[] = [];
  const problems: string[] = [];
  const visit = (inner: unknown, at: string): void => {
    if (Array.isArray(inner)) {
      inner.forEach((item, index) => {
        visit(item, `${at}[${index}]`);
      });
      return;
    }
    if (!isHash(inner)) return;
    const found = readReference(inner);
    if (found === undefined) for (const [name, item] of Object.entries(inner)) visit(item, `${at}.${name}`);
    else if (found.kind === 'problem') problems.push(`${at}: ${found.problem}`);
    else references.push(found);
  };
  visit(value, path);
  return { references, problems };
}
