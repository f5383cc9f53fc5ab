// Reads the answer of a function to a batch with ReportBatchItemFailures.

import type { InvocationResult } from '../cloud/lambda/sandbox.ts';

/**
 * The identifiers of the items that failed. The answer is `all` when the function failed, or when an identifier is
 * unknown, empty or not a text. An empty or absent list is a complete success.
 * Rules: services-sqs-errorhandling.html and services-ddb-batchfailurereporting.html.
 */
export function failedItems(result: InvocationResult, known: ReadonlySet<string>): ReadonlySet<string> | 'all' {
  if ('error' in result) return 'all';
  const answer = JSON.parse(result.payload) as { batchItemFailures?: unknown } | null;
  const failures = answer?.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return 'all';
  const identifiers = failures.map((failure: { itemIdentifier?: unknown } | null) => failure?.itemIdentifier);
  const valid = identifiers.every((identifier) => typeof identifier === 'string' && known.has(identifier));
  return valid ? new Set(identifiers as string[]) : 'all';
}
