// Finds the job of an event: a task's by its group, a state machine execution's by its name.

import { expect, test } from 'vitest';
import { jobOfEvent } from '../../aws/worker-event.ts';
import { workerId } from '../../core/id/worker.ts';

const job = `job-${'a'.repeat(24)}` as const;
const worker = workerId({ job, try: 3, launch: 12 });

test.each([
  [{ group: `worker:${worker}` }, job],
  [{ name: worker }, job],
  [{ group: 'family:another' }, undefined],
  [{ name: 'somebody-elses' }, undefined],
  [{}, undefined],
  [undefined, undefined],
])('%j is about %s', (detail, expected) => {
  expect(jobOfEvent(detail)).toBe(expected);
});
