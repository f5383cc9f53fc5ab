// Tests that callers do not share nonces.

import { expect, test } from 'vitest';
import { callerScope } from '../../core/identity/caller.ts';
import type { JobRow } from '../../core/job/row.ts';

test('each user, each job and each try of a job has nonces of its own', () => {
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
