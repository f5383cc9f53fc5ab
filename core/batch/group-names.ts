// Groups files into batches by the common part of their names (docs/reference/api.md, "Batches").

import { matchRegexp, type Regexp, type StepBudget } from '../pattern/regexp.ts';

export type NamedFile = { readonly id: string; readonly name: string };
export type BatchInput = { readonly name: string; readonly ids: readonly string[] };
/** One run of a batch: a file for each input. `error` says why the batch cannot be run. */
export type Batch = {
  readonly batchPattern: string;
  readonly inputs: Readonly<Record<string, BatchInput>>;
  readonly error?: string;
};

/**
 * One batch for each text that the first group of the patterns captures, in the order of that text, the empty one last.
 * A batch has an `error` if one of its inputs has no file, or several. If a pattern matches a name without its first
 * group, the name counts as the empty text.
 *
 * @param patterns of the inputs, by their names
 * @returns `exhausted` when the budget of steps did not suffice
 */
export function groupNames(
  patterns: ReadonlyMap<string, Regexp>,
  files: readonly NamedFile[],
  budget: StepBudget,
): Batch[] | 'exhausted' {
  const groups = new Map<string, Map<string, NamedFile[]>>();
  for (const [input, pattern] of patterns) {
    for (const file of files) {
      const match = matchRegexp(pattern, file.name, budget);
      if (match === 'exhausted') return match;
      if (match === undefined) continue;
      const captured = match.groups[0] ?? '';
      const group = groups.get(captured) ?? new Map<string, NamedFile[]>();
      groups.set(captured, group.set(input, [...(group.get(input) ?? []), file]));
    }
  }
  const texts = [...groups.keys()].sort((first, second) =>
    first === '' || second === '' ? second.length - first.length : first < second ? -1 : 1,
  );
  return texts.map((text) => toBatch(text, groups.get(text) ?? new Map(), [...patterns.keys()]));
}

function toBatch(
  batchPattern: string,
  group: ReadonlyMap<string, readonly NamedFile[]>,
  names: readonly string[],
): Batch {
  const inputs = Object.fromEntries(
    [...group].map(([input, files]) => [input, { name: files[0]?.name ?? '', ids: files.map(({ id }) => id) }]),
  );
  const missing = names.filter((name) => !group.has(name));
  const several = [...group].filter(([, files]) => files.length > 1).map(([name]) => name);
  const problems = [
    ...(missing.length > 0 ? [`no file for ${missing.join(', ')}`] : []),
    ...(several.length > 0 ? [`several files for ${several.join(', ')}`] : []),
  ];
  return { batchPattern, inputs, ...(problems.length > 0 ? { error: problems.join('; ') } : {}) };
}
