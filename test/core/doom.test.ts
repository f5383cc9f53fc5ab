// Tests which doom flags an execution obeys, in which order, and the failure that each gives it.

import { describe, expect, it } from 'vitest';
import { type DoomCause, doomFailure, possibleFlags, restartsBy } from '../../core/execution/doom.ts';
import { masterScope, type Scope } from '../../core/execution/scope.ts';
import { deriveId } from '../../core/id/derive.ts';

const idOf = (name: string) => deriveId('job', 'u', 'doom', name);
const [origin, nested, other] = [idOf('origin'), idOf('nested'), idOf('other')];
const analysisOf = (name: string): Scope => ({
  kind: 'analysis',
  execution: deriveId('analysis', 'u', 'doom', name),
  try: 0,
});
const outer = analysisOf('outer');
const inner = analysisOf('inner');
const stage = masterScope(origin, 0);
const below = masterScope(nested, 1);
const alone: Scope = { kind: 'subjob', execution: other, try: 0 };

describe('the flags that are read', () => {
  it.each<[title: string, scopes: Scope[], whole: Scope[], jobs: Scope[]]>([
    ['of an origin job', [stage], [stage], [stage]],
    ['of a job below others', [stage, below, alone], [stage], [stage, below, alone]],
    ['of a stage of an analysis', [outer, stage], [outer, stage], [stage]],
    [
      'of a job below a stage of a nested analysis',
      [outer, inner, stage, below],
      [outer, inner, stage],
      [stage, below],
    ],
    ['of an analysis', [outer], [outer], []],
    ['of a nested analysis', [outer, inner], [outer, inner], []],
  ])('%s end it with its origin job and analyses, and restart it with any job', (_title, scopes, whole, jobs) => {
    expect(possibleFlags(scopes)).toEqual([
      ...whole.map((scope) => ({ scope, kind: 'termination' })),
      ...whole.map((scope) => ({ scope, kind: 'failure' })),
      ...jobs.map((scope) => ({ scope, kind: 'restart' })),
    ]);
  });
});

describe('a doomed execution', () => {
  const failed = { execution: nested, try: 1, reason: 'AppError', message: 'No reads' } as const;
  const own = { reason: 'AppError', message: 'No reads', from: nested };
  it.each<[title: string, cause: DoomCause, scope: Scope, execution: typeof origin, expected: object]>([
    ['keeps the failure with which it ended its tree', { kind: 'failure', ...failed }, stage, nested, own],
    [
      'fails with another, and says which',
      { kind: 'failure', ...failed },
      stage,
      other,
      {
        reason: 'JobTreeFailure',
        message: `${nested}, a job of the same tree, failed with AppError: No reads`,
        from: nested,
      },
    ],
    [
      'keeps the failure for which a job above it restarts, if it is its own',
      { kind: 'restart', ...failed },
      stage,
      nested,
      own,
    ],
    ['restarts for the failure of a job below it', { kind: 'restart', ...failed }, stage, origin, own],
    [
      'ends with a try that is given up',
      { kind: 'restart', ...failed },
      below,
      other,
      { reason: 'Terminated', message: `Try 1 of ${nested} was given up and starts again; this job belonged to it` },
    ],
    [
      'is terminated by a user',
      { kind: 'termination', execution: nested, try: 1, by: 'user-ada' },
      stage,
      nested,
      { reason: 'Terminated', message: 'The job was terminated by user-ada' },
    ],
  ])('%s', (_title, cause, scope, execution, expected) => {
    expect(doomFailure({ cause, scope }, execution)).toEqual(expected);
  });

  it('gives up its try only for a restart of its own scope', () => {
    const restart: DoomCause = { kind: 'restart', ...failed };
    const found = [
      restartsBy({ cause: restart, scope: stage }, origin),
      restartsBy({ cause: restart, scope: stage }, nested),
      restartsBy({ cause: { kind: 'failure', ...failed }, scope: stage }, origin),
    ];
    expect(found).toEqual([true, false, false]);
  });
});
