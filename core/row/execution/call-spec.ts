// The fields that the specifications of jobs and analyses have in common.

import type { CallSpec } from '../../execution/call-spec.ts';
import type { Fields } from '../field.ts';

export const callFields = {
  required: {
    runInput: 'map',
    originalInput: 'map',
    name: 'text',
    folder: 'text',
    tags: { each: 'text' },
    properties: 'map',
    details: 'anything',
    dependsOn: { each: 'text' },
    executableName: 'text',
    priority: ['low', 'normal', 'high'],
    delayWorkspaceDestruction: 'flag',
    shown: 'map',
  },
  optional: { detachedFrom: 'text', detachedFromTry: 'number' },
} as const satisfies Fields<CallSpec>;
