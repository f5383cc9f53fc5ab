// Searches jobs: candidates in order, their rows consistently, then the conditions (docs/reference/api.md,
// "Finding executions"). Absence is never concluded from an index.

import { readLineageEntry } from '../../core/execution/scope.ts';
import type { ExecutionId, ProjectId } from '../../core/id/identifier.ts';
import type { JobMetadata } from '../../core/job/job-fields.ts';
import type { JobRow } from '../../core/job/row.ts';
import { type ExecutionRow, expectJob } from '../../core/row/execution/execution.ts';
import { listPosition } from '../../core/row/execution/job.ts';
import { type Sight, seesJob } from '../access/sight.ts';
import { loadExecutions, loadSpecs } from '../store/load-job.ts';
import { mapLimited } from '../store/map-limited.ts';
import { type Bounds, type Candidate, listChildren, listExecutions, listProjects, listTrees } from './candidates.ts';
import { loadMetadataOfMany } from './metadata.ts';
import { loadEarlierTries } from './try.ts';

/** Where to look; the narrowest that a request allows. */
export type SearchRange =
  | { readonly kind: 'projects'; readonly projects: readonly ProjectId[] }
  | { readonly kind: 'trees'; readonly roots: readonly ExecutionId[] }
  | { readonly kind: 'children'; readonly parent: JobRow }
  | { readonly kind: 'executions'; readonly executions: readonly ExecutionId[] };
export type Properties = JobMetadata['properties'];
export type JobSearch = {
  readonly range: SearchRange;
  readonly bounds: Bounds;
  /** Conditions on the row alone. */
  readonly row: (row: JobRow) => boolean;
  readonly name: ((name: string) => boolean) | undefined;
  readonly tags: ((tags: readonly string[]) => boolean) | undefined;
  readonly properties: ((properties: Properties) => boolean) | undefined;
  /** Earlier tries too, and what belonged to them. */
  readonly includeRestarted: boolean;
  readonly limit: number;
};

/**
 * Rows of jobs, and of earlier tries right after their job's, newest first: at least `limit` unless all were found, or
 * unless `scannedJobCount` were looked at. `next` is the position to go on from, absent at the end.
 */
export async function searchJobs(
  sight: Sight,
  search: JobSearch,
): Promise<{ readonly rows: readonly JobRow[]; readonly next?: string }> {
  const found: JobRow[] = [];
  let scanned = 0;
  for await (const batch of candidatesOf(sight, search)) {
    const rows = await loadCandidates(sight, batch);
    // By position: a list row with another time names the same job, and is not it.
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

/** A birth that was repeated may have left a second list row: the one with the job's own time counts. */
async function loadCandidates({ context }: Sight, batch: readonly Candidate[]): Promise<JobRow[]> {
  const rows = await loadExecutions(
    context,
    batch.map(({ execution }) => execution),
  );
  return rows
    .filter((row, index) => {
      return (
        row !== undefined && row.tombstone !== true && batch[index]?.position === listPosition(row.created, row.pk)
      );
    })
    .map((row) => expectJob(row as ExecutionRow));
}

function candidatesOf({ context }: Sight, { range, bounds }: JobSearch): AsyncGenerator<Candidate[]> {
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

/** Of each job that meets the conditions: its row, and those of its earlier tries when they are wanted. */
async function keep(sight: Sight, search: JobSearch, rows: readonly JobRow[]): Promise<readonly (readonly JobRow[])[]> {
  const current = search.includeRestarted ? rows : await withoutDiscarded(sight, rows);
  const tries = await mapLimited(current, async (row) => {
    const all = search.includeRestarted ? [row, ...(await loadEarlierTries(sight.context, row))] : [row];
    const matching = all.filter(search.row);
    return matching.length > 0 && (await seesJob(sight, row)) ? matching : [];
  });
  return meetBodies(
    sight,
    search,
    tries.filter((each) => each.length > 0),
  );
}

/** A job is discarded when an execution that encloses it has begun a later try than the one it was made in. */
async function withoutDiscarded({ context }: Sight, rows: readonly JobRow[]): Promise<JobRow[]> {
  const enclosing = rows.map(({ lineage }) => lineage.map(readLineageEntry));
  const executions = [...new Set(enclosing.flat().map(({ execution }) => execution))];
  const current = new Map((await loadExecutions(context, executions)).map((row) => [row?.pk, row?.try]));
  return rows.filter((_, index) =>
    enclosing[index]?.every((scope) => (current.get(scope.execution) ?? scope.try) === scope.try),
  );
}

/** The conditions on what only bodies hold; names are in most rows. */
async function meetBodies(
  { context }: Sight,
  { name, tags, properties }: JobSearch,
  tries: readonly (readonly JobRow[])[],
): Promise<readonly (readonly JobRow[])[]> {
  const rows = tries.map((each) => each[0] as JobRow);
  const needsBodies = tags !== undefined || properties !== undefined;
  const needsNames = name !== undefined && rows.some((row) => row.name === undefined);
  if (!needsBodies && !needsNames) {
    return name === undefined ? tries : tries.filter((each) => name(each[0]?.name ?? ''));
  }
  const specs = await loadSpecs(
    context,
    rows.map(({ pk }) => pk),
  );
  const targets = rows.map((row, index) => ({ job: row.pk, try: row.try, spec: specs[index] ?? noMetadata }));
  const metadata = needsBodies ? await loadMetadataOfMany(context, targets) : [];
  return tries.filter((each, index) => {
    const { tags: held = [], properties: heldProperties = {} }: Partial<JobMetadata> = metadata[index] ?? {};
    return (
      (name === undefined || name(each[0]?.name ?? specs[index]?.name ?? '')) &&
      (tags === undefined || tags(held)) &&
      (properties === undefined || properties(heldProperties))
    );
  });
}

const noMetadata: JobMetadata = { tags: [], properties: {}, details: {} };
/** Jobs that one call looks at: a search that finds little goes on in the next one. */
const scannedJobCount = 4_000;
