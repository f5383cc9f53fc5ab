// Reads and changes the tags, properties and details of an execution. Changed ones are in a row of their own for each
// try, so that the job row stays small and changes of state do not write them.

import type { Context, Row } from '../../core/context.ts';
import type { ExecutionId } from '../../core/id/identifier.ts';
import type { JobMetadata } from '../../core/job/job-fields.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import { metadataKey, metadataPrefix, metadataRow, readMetadata } from '../../core/row/execution/body.ts';
import { mapLimited } from '../store/map-limited.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';

/** The metadata in the specification of an execution. */
type MadeWith = Pick<ExecutionSpec, 'tags' | 'properties' | 'details'>;

/**
 * The metadata of many tries as last changed in this try or an earlier one, parallel to `rows`. Undefined where it is
 * as it was created (`madeWith`).
 */
export async function loadChangedOfMany(
  context: Context,
  rows: readonly { readonly pk: ExecutionId; readonly try: number }[],
): Promise<(JobMetadata | undefined)[]> {
  const first = await context.rows.getMany(
    'executions',
    rows.map(({ pk }) => metadataKey(pk, 0)),
  );
  return mapLimited([...rows.entries()], async ([index, { pk, try: attempt }]) => {
    if (attempt > 0) return (await loadChanged(context, pk, attempt))?.metadata;
    const row = first[index];
    return row === undefined ? undefined : parseMetadata(row);
  });
}

/** Changes the metadata of a try. Writers at the same time are served one after the other. */
export async function changeMetadata(
  context: Context,
  target: { readonly execution: ExecutionId; readonly try: number; readonly spec: MadeWith },
  change: (metadata: JobMetadata) => JobMetadata,
): Promise<void> {
  const { execution, try: attempt, spec } = target;
  await retryWhileChanged(`"${execution}"`, async () => {
    const before = await loadChanged(context, execution, attempt);
    const metadata = change(before?.metadata ?? madeWith(spec));
    const own = before?.try === attempt ? before.version : undefined;
    const row = metadataRow(execution, attempt, metadata, (own ?? 0) + 1);
    return (await context.rows.put('executions', row, own === undefined ? 'absent' : { version: own })) || changed;
  });
}

type Changed = { readonly metadata: JobMetadata; readonly try: number; readonly version: number };

async function loadChanged(context: Context, execution: ExecutionId, attempt: number): Promise<Changed | undefined> {
  const { rows } = await context.rows.query('executions', {
    pk: execution,
    prefix: metadataPrefix,
    after: metadataKey(execution, attempt + 1).sk,
    descending: true,
    limit: 1,
  });
  const row = rows[0];
  if (row === undefined) return undefined;
  return { ...readMetadata(row), metadata: parseMetadata(row) };
}

function parseMetadata(row: Row): JobMetadata {
  return JSON.parse(readMetadata(row).metadata);
}

/** The metadata with which a job was created. */
export function madeWith({ tags, properties, details }: MadeWith): JobMetadata {
  return { tags, properties, details };
}
