// Creates a job. Its row is written last, which commits the birth: an interruption before leaves nothing that runs
// (docs/reference/protocols.md, "Birth").

import type { Context } from '../../core/context.ts';
import { invalidState, nonceReused } from '../../core/error/api-error.ts';
import { possibleFlags } from '../../core/execution/doom.ts';
import { readLineageEntry } from '../../core/execution/scope.ts';
import type { JobId } from '../../core/id/identifier.ts';
import type { JobPlan } from '../../core/job/plan.ts';
import { beforeMembers, type JobRow } from '../../core/job/row.ts';
import type { ExecutionRow } from '../../core/row/execution/execution.ts';
import { jobKey, listKey, readJob } from '../../core/row/execution/job.ts';
import { doomKey, memberRow } from '../../core/row/execution/tree.ts';
import { loadJob } from '../store/load-job.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';
import { insertJob, saveJob } from '../store/save-job.ts';
import { saveSpecOnce } from '../store/save-spec.ts';

/**
 * Writes a planned job: everything else first, then its row, only if it is absent. It is idempotent by id and digest: a
 * repeated request finds the job that the first one created.
 *
 * @throws ApiError InvalidInput when the id belongs to another request; InvalidState when the job's creator has ended
 */
export async function createJob(context: Context, plan: JobPlan): Promise<{ readonly id: JobId }> {
  const { row, memberOf } = plan;
  const before = await loadJob(context, plan.id);
  if (before !== undefined) return answerAgain(before, plan);
  if (memberOf !== undefined) {
    const { parentTry = 0, lineage } = row;
    const member = { parent: memberOf.parent, execution: plan.id, parentTry, lineage };
    await context.rows.put('executions', memberRow(memberOf.root, member));
    await checkParent(context, row, memberOf);
  }
  await saveSpecOnce(context, plan.id, row.digest, plan.spec);
  await context.rows.put('executions', listKey(row.project, row.created, plan.id));
  if (await insertJob(context, row, plan.ready)) return { id: plan.id };
  const born = await loadJob(context, plan.id);
  if (born === undefined) throw new Error(`${plan.id} has a row that cannot be read`);
  return answerAgain(born, plan);
}

/**
 * Refuses the birth unless the parent runs in the try that the job is born into, and no doom is on anything above it.
 * The member row is written before this check. An end of the parent thus finds that row, or this refuses. A parent that
 * made no job ends without reading its members, so its row says first that it makes one. That write fails if the parent
 * has ended.
 */
export async function checkParent(context: Context, row: BornBelow, memberOf: MemberOf): Promise<void> {
  const { parent } = memberOf;
  const check = async () => {
    const found = await loadLiving(context, row, memberOf);
    if (found.cursor !== undefined) return undefined;
    const saved = await saveJob(context, found, { kind: 'bear', cursor: beforeMembers });
    return saved.kind === 'saved' ? undefined : changed;
  };
  await retryWhileChanged(`"${parent}"`, check, invalidState);
}

async function loadLiving(context: Context, row: BornBelow, { root, parent }: MemberOf): Promise<JobRow> {
  const flags = possibleFlags(row.lineage.map(readLineageEntry)).map((flag) => doomKey(root, flag));
  const [found, ...dooms] = await context.rows.getMany('executions', [jobKey(parent), ...flags]);
  const state = readJob(found);
  if (state?.state !== 'running' || state.try !== row.parentTry || dooms.some((doom) => doom !== undefined)) {
    throw invalidState(`"${parent}" cannot create executions any more: its try has ended or is ending`);
  }
  return state;
}

type MemberOf = NonNullable<JobPlan['memberOf']>;
/** The fields of a new execution that say below which tries it is to be born. */
type BornBelow = Pick<ExecutionRow, 'lineage' | 'parentTry'>;

function answerAgain(born: JobRow, plan: JobPlan): { readonly id: JobId } {
  if (born.tombstone === true) {
    throw invalidState(`"${plan.memberOf?.parent ?? plan.id}" cannot create executions any more: its try has ended`);
  }
  if (born.digest !== plan.row.digest) throw nonceReused();
  return { id: plan.id };
}
