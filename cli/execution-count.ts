// Says in words how many executions of a platform have not ended.

import type { ExecutionCounts } from '../core/operator/request.ts';

/** For example "3 (2 running, 1 runnable)". Undefined when there are none. */
export function inWords({ states, isComplete }: ExecutionCounts): string | undefined {
  const counts = Object.entries(states);
  const sum = counts.reduce((total, [, count]) => total + count, 0);
  if (sum === 0) return undefined;
  const parts = counts.map(([state, count]) => `${count} ${state}`).join(', ');
  return `${isComplete ? '' : 'at least '}${sum} (${parts})`;
}
