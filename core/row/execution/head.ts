// The fields that the rows of jobs and analyses have in common, apart from the state.

import type { ExecutionHead } from '../../execution/head.ts';
import type { ExecutionId } from '../../id/identifier.ts';
import type { Fields } from '../field.ts';

export const headFields = {
  required: {
    try: 'number',
    project: 'text',
    launchedBy: 'text',
    root: 'text',
    lineage: { each: 'text' },
    priority: ['low', 'normal', 'high'],
    created: 'number',
    modified: 'number',
    transitions: { each: 'list' },
    digest: 'text',
  },
  optional: {
    parent: 'text',
    parentTry: 'number',
    name: 'text',
    failureReason: 'text',
    failureMessage: 'text',
    failureFrom: 'text',
    tombstone: [true],
    openShard: 'number',
    dueAt: 'number',
  },
} as const satisfies Fields<Omit<ExecutionHead<ExecutionId, string>, 'pk' | 'state'>>;
