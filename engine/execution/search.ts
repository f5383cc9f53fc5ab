// Searches executions (docs/reference/api.md, "Finding executions"). It lists candidates in order, reads their rows
// consistently, and applies the conditions.

import type { AnalysisSpec } from '../../core/analysis/spec.ts';
import type { CallSpec } from '../../core/execution/call-spec.ts';
import { readLineageEntry } from '../../core/execution/scope.ts';
import type { ExecutionId, ProjectId } from '../../core/id/identifier.ts';
import type { JobMetadata } from '../../core/job/job-fields.ts';
import { type ExecutionRow, isJob } from '../../core/row/execution/execution.ts';
import { listPosition } from '../../core/row/execution/job.ts';
import { type Sight, seesExecution } from '../access/sight.ts';
import { loadExecutions, loadFromAnySpecs } from '../store/load-job.ts';
import { loadEarlierTries } from '../store/load-try.ts';
import { mapLimited } from '../store/map-limited.ts';
import { type Bounds, type Candidate, listChildren, listExecutions, listProjects, listTrees } from './candidates.ts';
import { loadChangedOfMany } from './metadata.ts';

/** The range to search: the narrowest one that a request allows. */
export type SearchRange =
  | { readonly kind: 'projects'; readonly projects: readonly ProjectId[] }
  | { readonly kind: 'trees'; readonly roots: readonly ExecutionId[] }
  | { readonly kind: 'children'; readonly parent: ExecutionRow }
  | { readonly kind: 'executions'; readonly executions: readonly ExecutionId[] };
export type Properties = JobMetadata['properties'];
export type ExecutionSearch = {
  readonly range: SearchRange;
  readonly bounds: Bounds;
  /** The conditions on the row alone. */
  readonly row: (row: ExecutionRow) => boolean;
  /** An analysis is found by the executables of its stages, too. */
  readonly executable: ((executable: string) => boolean) | undefined;
  readonly name: ((name: string) => boolean) | undefined;
  readonly tags: ((tags: readonly string[]) => boolean) | undefined;
  readonly properties: ((properties: Properties) => boolean) | undefined;
  /** Also finds earlier tries, and jobs that belonged to them. */
  readonly includeRestarted: boolean;
  readonly limit: number;
};

/**
 * Finds rows of jobs, newest first. The rows of earlier tries follow their job's row. There are at least `limit` rows,
 * unless all were found or `scannedJobCount` jobs were read. Absence is never concluded from an index.
 *
 * @returns `next`: the position to continue from, absent at the end
 */
export async function searchExecutions(
  sight: Sight,
  search: ExecutionSearch,
): Promise<{ readonly rows: readonly ExecutionRow[]; readonly next?: string }> {
  const found: ExecutionRow[] = [];
  let scanned = 0;
  for await (const batch of candidatesOf(sight, search)) {
    const rows = await loadCandidates(sight, batch);
    // The key is the position, because a list row with another time may name the same job.
    const kept = new Map(
      (await keep(sight, search, rows)).map((tries) => [
        listPosition(tries[0]?.created ?? 0, tries[0]?.pk ?? ''),
        tries,
      ]),
    );
    for (const { position } of batch) {
      found.push(...(kept.get(position) ?? []));
      if (found.length >= search.limit) return { rows: found, next: position };
    }
    scanned += batch.length;
    const last = batch.at(-1);
    if (scanned >= scannedJobCount && last !== undefined) return { rows: found, next: last.position };
  }
  return { rows: found };
}

/** A repeated birth may have left a second list row. Only the one with the job's own time counts. */
async function loadCandidates({ context }: Sight, batch: readonly Candidate[]): Promise<ExecutionRow[]> {
  const rows = await loadExecutions(
    context,
    batch.map(({ execution }) => execution),
  );
  return rows.filter((row, index): row is ExecutionRow => {
    return row !== undefined && row.tombstone !== true && batch[index]?.position === listPosition(row.created, row.pk);
  });
}

function candidatesOf({ context }: Sight, { range, bounds }: ExecutionSearch): AsyncGenerator<Candidate[]> {
  switch (range.kind) {
    case 'projects':
      return listProjects(context, range.projects, bounds);
    case 'trees':
      return listTrees(context, range.roots, bounds);
    case 'children':
      return listChildren(context, range.parent, bounds);
    case 'executions':
      return listExecutions(context, range.executions, bounds);
    default:
      return range satisfies never;
  }
}

/**
 * The rows of each job that meets the conditions: its own, and those of its earlier tries if the search includes them.
 */
async function keep(
  sight: Sight,
  search: ExecutionSearch,
  rows: readonly ExecutionRow[],
): Promise<readonly (readonly ExecutionRow[])[]> {
  const current = search.includeRestarted ? rows : await withoutDiscarded(sight, rows);
  const tries = await mapLimited(current, async (row) => {
    const earlier = search.includeRestarted && isJob(row) ? await loadEarlierTries(sight.context, row) : [];
    const all = [row, ...earlier];
    const matching = all.filter(search.row);
    return matching.length > 0 && (await seesExecution(sight, row)) ? matching : [];
  });
  return meetBodies(
    sight,
    search,
    tries.filter((each) => each.length > 0),
  );
}

/** A job is discarded when an execution that encloses it has begun a later try than the one it was made in. */
async function withoutDiscarded({ context }: Sight, rows: readonly ExecutionRow[]): Promise<ExecutionRow[]> {
  const enclosing = rows.map(({ lineage }) => lineage.map(readLineageEntry));
  const executions = [...new Set(enclosing.flat().map(({ execution }) => execution))];
  const current = new Map((await loadExecutions(context, executions)).map((row) => [row?.pk, row?.try]));
  return rows.filter((_, index) =>
    enclosing[index]?.every((scope) => (current.get(scope.execution) ?? scope.try) === scope.try),
  );
}

/** Applies the conditions on values that only bodies hold. Most rows hold the name. */
async function meetBodies(
  { context }: Sight,
  { executable, name, tags, properties }: ExecutionSearch,
  tries: readonly (readonly ExecutionRow[])[],
): Promise<readonly (readonly ExecutionRow[])[]> {
  const rows = tries.flat();
  const isByItself = (row: ExecutionRow) => executable === undefined || executable(row.executable);
  const needsBodies = tags !== undefined || properties !== undefined;
  const needsNames = name !== undefined && rows.some((row) => row.name === undefined);
  if (!needsBodies && !needsNames && rows.every(isByItself)) {
    return name === undefined ? tries : tries.filter((each) => name(each[0]?.name ?? ''));
  }
  const made = await loadFromAnySpecs(
    context,
    tries.flatMap((each) => (each[0] === undefined ? [] : [each[0].pk])),
    (spec) => ({ name: spec.name, tags: spec.tags, properties: spec.properties, executables: executablesOf(spec) }),
  );
  // Each try has tags and properties of its own.
  const changed = new Map(
    (needsBodies ? await loadChangedOfMany(context, rows) : []).map((one, at) => [rows[at], one]),
  );
  const meets = (row: ExecutionRow): boolean => {
    const madeWith = made.get(row.pk);
    const { tags: held = [], properties: heldProperties = {} } = changed.get(row) ?? madeWith ?? {};
    return (
      (isByItself(row) || (!isJob(row) && madeWith?.executables.some((one) => executable?.(one)) === true)) &&
      (name === undefined || name(row.name ?? madeWith?.name ?? '')) &&
      (tags === undefined || tags(held)) &&
      (properties === undefined || properties(heldProperties))
    );
  };
  return tries.map((each) => each.filter(meets)).filter((each) => each.length > 0);
}

function executablesOf(spec: CallSpec | AnalysisSpec): readonly string[] {
  return 'stages' in spec ? spec.stages.map(({ row }) => row.executable) : [];
}

/** Jobs that one call reads. A search that finds few of them continues in the next call. */
const scannedJobCount = 4_000;
