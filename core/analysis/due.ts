// When the sweep looks at an analysis if nothing happens before (docs/reference/protocols.md, "Sweep").

import { treeEnd } from '../execution/tree-limit.ts';
import { waitedMs } from '../job/due.ts';
import { type AnalysisRow, hasAnalysisEnded } from './row.ts';

/** In milliseconds since 1970: after as long as the analysis has lasted already, at least a minute and at most ten. */
export function analysisDueTime(row: AnalysisRow, now: number): number {
  const patient = now + waitedMs(row.created, now);
  const limit = row.root === row.pk && !hasAnalysisEnded(row) ? treeEnd(row.created) : 0;
  return limit > now ? Math.min(patient, limit) : patient;
}
