// Conditional requests: decides whether an object may be read or replaced.
// Rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html and RFC 9110 §13

import type { AwsError } from '../wire/aws-error.ts';
import type { ObjectRow } from './object-table.ts';
import { refuse } from './s3-error.ts';

type ReadHeader = (name: string) => string | undefined;

/** Whether a read may continue. `unchanged` means 304. Throws PreconditionFailed. */
export function checkRead(object: ObjectRow, header: ReadHeader): 'go' | 'unchanged' {
  const verdict = judge(object, header);
  if (verdict === 'unchanged') return verdict;
  if (verdict) throw verdict;
  return 'go';
}

/**
 * Throws PreconditionFailed unless `existing` may be replaced or deleted, and NoSuchKey for If-Match without an object.
 * Call it in the transaction of the write. In a write, If-None-Match may only be `*`.
 */
export function checkWrite(existing: ObjectRow | undefined, header: ReadHeader): void {
  const none = header('if-none-match');
  const match = header('if-match');
  if (none !== undefined && none.trim() !== '*') {
    const extra = {
      Header: 'If-None-Match',
      additionalMessage: "We don't accept the provided value of If-None-Match header for this API",
    };
    throw refuse('NotImplemented', extra);
  }
  if (none !== undefined && existing) throw refuse('PreconditionFailed', { Condition: 'If-None-Match' });
  if (match === undefined) return;
  if (!existing) throw refuse('NoSuchKey');
  if (!listsEtag(match, existing.etag)) throw refuse('PreconditionFailed', { Condition: 'If-Match' });
}

function judge(object: ObjectRow, header: ReadHeader): AwsError | 'unchanged' | undefined {
  const match = header('if-match');
  const none = header('if-none-match');
  const since = timeOf(header('if-modified-since'));
  const before = timeOf(header('if-unmodified-since'));
  if (match !== undefined) {
    if (!listsEtag(match, object.etag)) return refuse('PreconditionFailed', { Condition: 'If-Match' });
  } else if (before !== undefined && object.modifiedAt > before) {
    return refuse('PreconditionFailed', { Condition: 'If-Unmodified-Since' });
  }
  if (none !== undefined) return listsEtag(none, object.etag) ? 'unchanged' : undefined;
  return since !== undefined && object.modifiedAt <= since ? 'unchanged' : undefined;
}

function listsEtag(list: string, etag: string): boolean {
  const tags = list.split(',').map((tag) =>
    tag
      .trim()
      .replace(/^W\//, '')
      .replace(/^"(.*)"$/, '$1'),
  );
  return tags.includes('*') || tags.includes(etag);
}

/** A date that cannot be parsed is ignored (RFC 9110 §13.1.3). */
function timeOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : time;
}
