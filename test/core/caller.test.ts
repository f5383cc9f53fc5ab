// Whose nonces are whose.
import { expect, test } from 'vitest';
import { callerScope } from '../../core/access/caller.ts';
import type { JobRow } from '../../core/job/row.ts';

test('users, jobs and the tries of a job have nonces of their own', () => {
  const job = (pk: string, attempt: number) =>
    ({ kind: 'job', user: 'user-a', job: { pk, try: attempt } as JobRow }) as const;
  const callers = [
    { kind: 'user', user: 'user-a', tokenHash: '' } as const,
    job('job-1', 0),
    job('job-1', 1),
    job('job-2', 0),
  ];
  expect(new Set(callers.map(callerScope)).size).toBe(callers.length);
});
