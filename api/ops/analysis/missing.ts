// Answers for analyses. Workflows make them and cannot be run yet, so there are none.

import { resourceNotFound } from '../../../core/error/api-error.ts';
import type { KnownCall } from '../../route.ts';

export async function missingAnalysis({ subject }: KnownCall<unknown>): Promise<never> {
  throw resourceNotFound(subject);
}
