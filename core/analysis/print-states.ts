// Prints the states of analyses, behind those of jobs, as docs/states.md. A test fails when the page is stale.

import { isEndState } from '../execution/head.ts';
import { code, printStates, section } from '../job/print-states.ts';
import { analysisStates } from './row.ts';

/** The whole page. */
export function printAllStates(): string {
  const rows = Object.entries(analysisStates).map(([state, meaning]) => [
    code(state),
    isEndState(state) ? 'yes' : '',
    meaning,
  ]);
  const lines = section('States of an analysis', aboutAnalyses, ['state', 'ends there', 'meaning'], rows);
  return [printStates(), ...lines].join('\n');
}

const aboutAnalyses = [
  'The state of an analysis is derived from those of its stages (`core/analysis/derive.ts`), and from the flags on it and on',
  'what is above it. Each end of a stage brings a look. Nothing is counted, so a look may be repeated, late or early.',
];
