// The states whose records of the stream bring a look. The filter of the stream lets no other through.

import { statesWithAgenda } from '../job/agenda.ts';
import type { JobState } from '../job/state.ts';
import { type AnalysisState, analysisStates } from './row.ts';

/** Each state once. An analysis is looked at in every state. */
export function streamStates(): (JobState | AnalysisState)[] {
  return [...new Set([...statesWithAgenda('entered'), ...(Object.keys(analysisStates) as AnalysisState[])])];
}
