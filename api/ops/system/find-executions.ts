// /system/findExecutions, findJobs and findAnalyses: newest first (docs/reference/api.md, "Finding executions").

import { atLeast } from '../../../core/access/level.ts';
import { enclosingAnalysis } from '../../../core/analysis/row.ts';
import { invalidInput, resourceNotFound } from '../../../core/error/api-error.ts';
import { type ExecutionId, isExecutionId, isId, type ProjectId } from '../../../core/id/identifier.ts';
import { analysisOf, isMaster, isStageJob } from '../../../core/job/row.ts';
import { holdsForProperties, holdsForSet } from '../../../core/pattern/boolean-tree.ts';
import { compileName } from '../../../core/pattern/name.ts';
import { usualStepBudget } from '../../../core/pattern/regexp.ts';
import { type ExecutionRow, isJob } from '../../../core/row/execution/execution.ts';
import { listPosition } from '../../../core/row/execution/job.ts';
import { createSight, type Sight } from '../../../engine/access/sight.ts';
import { loadMemberships } from '../../../engine/container/project.ts';
import {
  type ExecutionSearch,
  type Properties,
  type SearchRange,
  searchExecutions,
} from '../../../engine/execution/search.ts';
import { loadExecution, loadJob } from '../../../engine/store/load-job.ts';
import type { KnownCall } from '../../route.ts';
import type { DescribeJobInput, FindExecutionsInput } from '../../schemas/execution.ts';
import { describeRows } from '../analysis/describe.ts';
import { visibleAmong } from './searched-places.ts';

type FindCall = KnownCall<FindExecutionsInput>;
type Found = {
  readonly results: readonly { readonly id: string; readonly describe?: unknown }[];
  readonly next: string | null;
};

export async function findExecutions(call: FindCall): Promise<Found> {
  const { context, caller, input } = call;
  const filters = readFilters(call);
  const sight = createSight(context, caller);
  const range = await chooseRange(sight, input);
  if (range === undefined) return { results: [], next: null };
  const { rows, next = null } = await searchExecutions(sight, { ...filters, range });
  return { results: await toResults(call, rows), next };
}

export function findJobs(call: FindCall): Promise<Found> {
  return findExecutions({ ...call, input: { ...call.input, class: 'job' } });
}

export function findAnalyses(call: FindCall): Promise<Found> {
  return findExecutions({ ...call, input: { ...call.input, class: 'analysis' } });
}

async function toResults({ context, input }: FindCall, rows: readonly ExecutionRow[]): Promise<Found['results']> {
  const { describe } = input;
  if (describe === undefined || describe === null || describe === false) return rows.map(({ pk }) => ({ id: pk }));
  const request: DescribeJobInput = describe === true ? {} : describe;
  const described = await describeRows(context, rows, request);
  return rows.map(({ pk }, index) => ({ id: pk, describe: described[index] }));
}

/** The narrowest range to search. Undefined when nothing can be found there. */
async function chooseRange(sight: Sight, input: FindExecutionsInput): Promise<SearchRange | undefined> {
  const { context, caller } = sight;
  const project = input.project ?? undefined;
  if (project !== undefined) {
    if (!isId(project, 'project'))
      throw invalidInput(`expected key "project" of input to be a project, not "${project}"`);
    if (!atLeast(await sight.levelIn(project), 'VIEW')) throw resourceNotFound(project);
  }
  if (input.id !== undefined && input.id !== null) return { kind: 'executions', executions: executionsIn(input.id) };
  if (typeof input.parentJob === 'string') {
    const parent = isId(input.parentJob, 'job') ? await loadJob(context, input.parentJob) : undefined;
    return parent === undefined ? undefined : { kind: 'children', parent };
  }
  if (typeof input.parentAnalysis === 'string') {
    const id = input.parentAnalysis;
    const parent = isId(id, 'analysis') ? await loadExecution(context, id) : undefined;
    return parent === undefined ? undefined : { kind: 'children', parent };
  }
  const roots = input.originJob ?? input.rootExecution ?? undefined;
  if (roots !== undefined) return { kind: 'trees', roots: executionsIn(roots) };
  if (project !== undefined) return { kind: 'projects', projects: [project] };
  return {
    kind: 'projects',
    projects: await ownProjects(sight, caller.kind === 'job' ? caller.job.project : undefined),
  };
}

/** A user's own projects, without those that are open to everybody. For a job, the project in which it runs. */
async function ownProjects({ context, caller }: Sight, only: ProjectId | undefined): Promise<ProjectId[]> {
  if (only !== undefined) return [only];
  return visibleAmong(context, caller, await loadMemberships(context, caller.user), 'VIEW');
}

function readFilters({ context, caller, input }: FindCall): Omit<ExecutionSearch, 'range'> {
  const { tags, properties } = input;
  const starting = input.starting ?? undefined;
  if (starting !== undefined && !positionPattern.test(starting)) {
    throw invalidInput('expected key "starting" of input to be the "next" of an earlier answer');
  }
  const name = readName(input);
  const now = context.now();
  return {
    bounds: {
      before: earliest(starting, toBefore(absolute(input.created?.before, now))),
      createdAfter: absolute(input.created?.after, now),
    },
    row: rowTest(input, input.launchedBy === 'self' ? caller.user : (input.launchedBy ?? undefined)),
    executable: executableTest(input),
    name,
    tags: tags ? (held: readonly string[]) => holdsForSet(tags, held) : undefined,
    properties: properties ? (held: Properties) => holdsForProperties(properties, held) : undefined,
    includeRestarted: input.includeRestarted,
    limit: input.limit ?? maximumPageSize,
  };
}

/** The test of names. All names of one request share one budget of steps, whatever the pattern. */
function readName({ name: pattern }: FindExecutionsInput): ((name: string) => boolean) | undefined {
  if (pattern === undefined || pattern === null) return undefined;
  const compiled = compileName(pattern);
  if ('problem' in compiled) throw invalidInput(`expected key "name" of input to ${compiled.problem}`);
  const budget = { left: usualStepBudget };
  return (name) => {
    const matches = compiled.test(name, budget);
    if (matches === 'exhausted') throw invalidInput('The pattern in "name" takes too long to match: make it simpler');
    return matches;
  };
}

function rowTest(input: FindExecutionsInput, launchedBy: string | undefined): (row: ExecutionRow) => boolean {
  const { project, state, parentJob, parentAnalysis, includeSubjobs } = input;
  const tests: ((row: ExecutionRow) => boolean)[] = [];
  const among = (values: string | readonly string[] | null | undefined, of: (row: ExecutionRow) => string) => {
    if (values === undefined || values === null) return;
    const wanted = new Set(typeof values === 'string' ? [values] : values);
    tests.push((row) => wanted.has(of(row)));
  };
  among(input.id, ({ pk }) => pk);
  among(project, (row) => row.project);
  const isExecutable = executableTest(input);
  // The stages of an analysis are not in its row.
  if (isExecutable) tests.push((row) => !isJob(row) || isExecutable(row.executable));
  among(state, (row) => row.state);
  among(launchedBy, (row) => row.launchedBy);
  among(input.originJob, (row) => (isJob(row) ? row.origin : ''));
  among(input.rootExecution, ({ root }) => root);
  if (parentJob === null) tests.push(({ parent }) => parent === undefined);
  if (typeof parentJob === 'string') tests.push(({ parent }) => parent === parentJob);
  if (typeof parentAnalysis === 'string') tests.push((row) => stageOf(row) === parentAnalysis);
  if (parentAnalysis === null) tests.push((row) => stageOf(row) === undefined);
  if (input.class) tests.push((row) => isJob(row) === (input.class === 'job'));
  if (!includeSubjobs) tests.push((row) => !isJob(row) || isMaster(row));
  return (row) => tests.every((test) => test(row));
}

function executableTest({ executable }: FindExecutionsInput): ((executable: string) => boolean) | undefined {
  if (executable === undefined || executable === null) return undefined;
  const wanted: ReadonlySet<string> = new Set(typeof executable === 'string' ? [executable] : executable);
  return (one) => wanted.has(one);
}

/** The analysis whose stage this execution is. */
function stageOf(row: ExecutionRow): string | undefined {
  if (!isJob(row)) return enclosingAnalysis(row);
  return isStageJob(row) ? analysisOf(row) : undefined;
}

function executionsIn(ids: string | readonly string[]): ExecutionId[] {
  return (typeof ids === 'string' ? [ids] : ids).filter(isExecutionId);
}

/** Negative times are relative to now (docs/reference/api.md, "Requests"). */
function absolute(moment: number | null | undefined, now: number): number | undefined {
  if (moment === undefined || moment === null) return undefined;
  return moment < 0 ? now + moment : moment;
}

/** Positions before this one were created at or before that time. */
function toBefore(created: number | undefined): string | undefined {
  return created === undefined ? undefined : listPosition(Math.min(created + 1, maximumTime), '');
}

function earliest(first: string | undefined, second: string | undefined): string | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return first < second ? first : second;
}

const positionPattern = /^\d{13}#((job|analysis)-[0-9A-Za-z]{24})?$/;
const maximumPageSize = 1_000;
/** Milliseconds that thirteen digits hold: until the year 2286. */
const maximumTime = 9_999_999_999_999;
