// Derives the state of an analysis from the rows of its stages (docs/reference/api.md, "Workflows"). Nothing is counted,
// so a look that is repeated, late or early derives the same. Pure.

import { type Doom, doomFailure } from '../execution/doom.ts';
import { type Failure, failureMessages } from '../execution/failure.ts';
import { isEndState } from '../execution/head.ts';
import type { JobRow } from '../job/row.ts';
import type { AnalysisRow, AnalysisState } from './row.ts';

/** A stage, and the row of its execution if that is born. */
export type Stage = { readonly row: StageRow | undefined; readonly failsAll: boolean };

export type Derived = {
  readonly state: AnalysisState;
  /** Present for every state of an analysis that is not going to be done. */
  readonly failure?: Failure;
  /** A stage has failed whose policy ends the others: the flag to put on the analysis before anything else. */
  readonly doom?: Doom['cause'];
};

/**
 * The state of an analysis that has not ended.
 *
 * @param doom the flag that decides about the analysis, if there is one
 */
export function deriveState(analysis: AnalysisRow, stages: readonly Stage[], doom: Doom | undefined): Derived {
  const allEnded = stages.every(({ row }) => hasEnded(row));
  const first = firstFailed(stages);
  if (doom !== undefined) {
    const failure = doomed(analysis, doom);
    const state = failure.reason === 'Terminated' ? 'terminated' : 'failed';
    return { state: allEnded ? state : 'terminating', failure };
  }
  if (first === undefined) return { state: allEnded ? 'done' : 'in_progress' };
  const failure = failureOf(first.row);
  if (allEnded) return { state: first.row.state === 'terminated' ? 'terminated' : 'failed', failure };
  const ending = stages.find(isFailedForAll);
  if (ending === undefined) return { state: 'partially_failed', failure };
  const { pk: execution, try: attempt } = ending.row;
  const { reason, message } = failureOf(ending.row);
  return { state: 'terminating', failure, doom: { kind: 'failure', execution, try: attempt, reason, message } };
}

type StageRow = JobRow | AnalysisRow;
type Born = Stage & { readonly row: StageRow };

/** The stage that ended first without being done. Stages of the same moment are in the order of the workflow. */
function firstFailed(stages: readonly Stage[]): Born | undefined {
  const failed = stages.filter((stage): stage is Born => hasEnded(stage.row) && stage.row.state !== 'done');
  const own = failed.filter(({ row }) => row.state === 'failed');
  return (own.length > 0 ? own : failed).toSorted((one, other) => endOf(one.row) - endOf(other.row))[0];
}

function isFailedForAll(stage: Stage): stage is Born {
  return stage.failsAll && stage.row?.state === 'failed';
}

function hasEnded(row: StageRow | undefined): row is StageRow {
  return row !== undefined && isEndState(row.state);
}

function endOf({ transitions, modified }: StageRow): number {
  return transitions.at(-1)?.[1] ?? modified;
}

/** The analysis fails as its stage did, and names the job that failed first. */
function failureOf({ pk, failureReason, failureMessage, failureFrom }: StageRow): Failure {
  return { reason: failureReason ?? 'JMInternalError', message: failureMessage ?? '', from: failureFrom ?? pk };
}

/** A stage that ended its analysis gives it its own failure. */
function doomed({ pk }: AnalysisRow, doom: Doom): Failure {
  const { cause, scope } = doom;
  if (cause.kind === 'termination')
    return { reason: 'Terminated', message: failureMessages.analysisTerminated(cause.by) };
  if (cause.kind !== 'failure' || scope.execution !== pk) return doomFailure(doom, pk);
  return { reason: cause.reason, message: cause.message, from: cause.execution };
}
