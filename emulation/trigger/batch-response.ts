// Reads what a function answers to a batch with ReportBatchItemFailures. It knows neither streams nor queues.
import type { InvocationResult } from '../cloud/lambda/sandbox.ts';

/**
 * The identifiers of the items that failed; `all` when the function failed, or answered with identifiers that are empty
 * or no text. Rules: services-sqs-errorhandling.html and services-ddb-batchfailurereporting.html: an empty or absent list
 * is a complete success.
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
