// The parts of the call that the specification of a job keeps, as the call gave them.

import type { ExecutionSpec } from '../job/spec.ts';
import type { PreparedInput } from './prepare-input.ts';
import type { ExecutionRequest } from './request.ts';

type RecordedFields = 'runInput' | 'originalInput' | 'tags' | 'properties' | 'details' | 'dependsOn';

/** Common to master jobs and subjobs. Each tag is kept once. */
export function recordRequest(
  request: ExecutionRequest,
  { originalInput }: PreparedInput,
): Pick<ExecutionSpec, RecordedFields> {
  const { input, tags, properties, details, dependsOn } = request;
  return { runInput: input, originalInput, tags: [...new Set(tags)], properties, details, dependsOn };
}
