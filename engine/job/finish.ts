// Takes a worker's report of how its job ended, and stores the output before the state changes. A repeated report gets
// the same answer (docs/reference/protocols.md, "Finish").

import type { Context } from '../../core/context.ts';
import { invalidState } from '../../core/error/api-error.ts';
import {
  type Failure,
  failureMessages,
  isReportedReason,
  reportedMessageCharacters,
} from '../../core/execution/failure.ts';
import { given } from '../../core/given.ts';
import { checkValues } from '../../core/iospec/check-values.ts';
import { checkOutputFields } from '../../core/iospec/fill-input.ts';
import { heldUntil } from '../../core/job/hold.ts';
import { circularReference, unseenReference } from '../../core/job/plan-output.ts';
import { isMaster, type JobRow, outputBodyId } from '../../core/job/row.ts';
import type { JobState } from '../../core/job/state.ts';
import { checkReferences, findReferences, referredJobs } from '../../core/reference/find.ts';
import { exceedsBytes, type Hash, maximumValueBytes } from '../../core/reference/value.ts';
import { findJobs } from '../access/sight.ts';
import { loadJob, loadOutput, loadSpec } from '../store/load-job.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { findCircle } from './circle.ts';
import { endStopped } from './doom.ts';
import { endTry } from './end-try.ts';
import { completeAtOnce } from './output.ts';
import { outputSight } from './reader.ts';
import { outputWithoutAnalyses } from './refer-to-stages.ts';

export type Result =
  | { readonly output: Hash }
  | { readonly failure: { readonly type: string; readonly message: string } };

/** `heldUntil`: the worker keeps the job's folder at most until then, in milliseconds since 1970. */
export type Finished = { readonly state: JobState; readonly heldUntil?: number };

/**
 * Takes the report of a try's end.
 *
 * @param found the job of the worker's token, read just now
 * @returns the state of the job after the report
 * @throws ApiError InvalidState when the try is no longer this worker's
 */
export async function finish(context: Context, found: JobRow, result: Result): Promise<Finished> {
  let row = found;
  const end = async () => {
    const takenOver = row.state === 'running' && row.tokenHash !== found.tokenHash;
    if (row.try !== found.try || takenOver) {
      throw invalidState(`Try ${found.try} of "${row.pk}" is over. Its report is not accepted any more`);
    }
    // The try was reported before and the answer was lost, or the job ended meanwhile.
    if (row.state !== 'running' && row.state !== 'terminating') return answerOf(row);
    const saved = await report(context, row, result);
    if (saved.kind === 'saved') return answerOf(saved.row);
    row = (await loadJob(context, row.pk)) ?? row;
    return changed;
  };
  return retryWhileChanged(found.pk, end, (message) => new Error(message));
}

function answerOf(row: JobRow): Finished {
  return { state: row.state, ...given({ heldUntil: heldUntil(row) }) };
}

async function report(context: Context, row: JobRow, result: Result): Promise<Saved> {
  if (row.state === 'terminating') return endStopped(context, row);
  const saved = 'failure' in result ? readFailure(result.failure) : await takeOutput(context, row, result.output);
  if ('kind' in saved) return saved;
  const ended = await endTry(context, row, { failure: saved, reported: true });
  // A doom was found first. The worker that reports does not have to be stopped.
  const isDoomed = ended.kind === 'saved' && ended.row.state === 'terminating';
  return isDoomed ? endStopped(context, ended.row) : ended;
}

/** Stores the output. The job is done at once if nothing is left to wait for. */
async function takeOutput(context: Context, row: JobRow, raw: Hash): Promise<Saved | Failure> {
  const { value: reported, problems } = await outputWithoutAnalyses(outputSight(context, row), raw);
  if (problems.length > 0) return { reason: 'OutputError', message: failureMessages.output(problems) };
  const failure = await checkOutput(context, row, reported);
  if (failure !== undefined) return failure;
  // Only the first report of a try counts. A late one must not replace the resolved output by its raw output.
  const isFirst = await context.bodies.save(outputBodyId(row), 'output', { output: reported }, { ifAbsent: true });
  const output = isFirst ? reported : await loadOutput(context, row);
  const ended = await completeAtOnce(context, row, output);
  return ended ?? saveJob(context, row, { kind: 'finish' }, { tokenHash: row.tokenHash });
}

/** A reason that does not exist, or that a worker may not report, becomes an AppInternalError. */
function readFailure({ type, message }: { readonly type: string; readonly message: string }): Failure {
  // A cut may leave half of a surrogate pair, which cannot be stored in a row.
  const text = message.slice(0, reportedMessageCharacters).toWellFormed();
  return isReportedReason(type)
    ? { reason: type, message: text }
    : { reason: 'AppInternalError', message: `${type.slice(0, 100).toWellFormed()}: ${text}` };
}

/**
 * Checks the output as far as possible now (docs/reference/api.md, "Problems of inputs and outputs"). Values behind
 * references are checked when the references are resolved.
 */
async function checkOutput(context: Context, row: JobRow, output: Hash): Promise<Failure | undefined> {
  if (exceedsBytes(output)) {
    const problem = `it has more than ${maximumValueBytes} bytes of JSON: put large results into a file`;
    return { reason: 'OutputError', message: failureMessages.output([problem]) };
  }
  const spec = isMaster(row) ? await loadSpec(context, row.pk) : undefined;
  const problems = [
    ...checkReferences(output, 'output'),
    ...checkOutputFields(spec?.outputSpec, output),
    ...checkValues(spec?.outputSpec ?? [], output),
    ...(await checkReferred(context, row, output)),
  ];
  return problems.length === 0 ? undefined : { reason: 'OutputError', message: failureMessages.output(problems) };
}

/**
 * A sentence for each reference to a job that this one may not see, or that cannot end before this one does. None of
 * them is waited for: a wait would show whether such a job has ended.
 */
async function checkReferred(context: Context, row: JobRow, output: Hash): Promise<string[]> {
  const references = findReferences(output);
  const jobs = referredJobs(references);
  const analyses = references.flatMap((one) => (one.kind === 'analysis' ? [one.analysis] : []));
  if (jobs.length + analyses.length === 0) return [];
  const seen = await findJobs(outputSight(context, row), jobs);
  const unseen = [...jobs.filter((job) => !seen.has(job)), ...new Set(analyses)];
  if (unseen.length > 0) return unseen.slice(0, shownProblemCount).map(unseenReference);
  const { ancestors } = await loadSpec(context, row.pk);
  const circle = await findCircle(context, seen.values(), new Set([row.pk, ...ancestors]));
  return circle === undefined ? [] : [circularReference(row.pk, circle)];
}

/** References of one kind that a failure message names. */
const shownProblemCount = 20;
