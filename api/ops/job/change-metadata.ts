// Changes tags, properties or settings of a job: allowed in any state, finished jobs included (docs/reference/api.md,
// "Methods of a job" and "Metadata of executions").

import { invalidInput } from '../../../core/error/api-error.ts';
import type { JobMetadata } from '../../../core/execution/job-fields.ts';
import { changeMetadata } from '../../../engine/execution/metadata.ts';
import { loadSpec } from '../../../engine/store/load-job.ts';
import type { KnownCall } from '../../route.ts';
import { visibleTry } from './visible.ts';

/** Of the try that the input names, else of the present one. Needs CONTRIBUTE in the job's project. */
export async function changeJobMetadata(
  call: KnownCall<{ readonly try?: number | null | undefined }>,
  change: (metadata: JobMetadata) => JobMetadata,
): Promise<{ id: string }> {
  const { context } = call;
  const row = await visibleTry(call, 'change its tags, properties and settings', 'CONTRIBUTE');
  const spec = await loadSpec(context, row.pk);
  await changeMetadata(context, { job: row.pk, try: row.try, spec }, (metadata) => checked(change(metadata)));
  return { id: row.pk };
}

/** A row of the table holds 400 KB. */
function checked(metadata: JobMetadata): JobMetadata {
  const bytes = Buffer.byteLength(JSON.stringify(metadata));
  if (bytes <= maximumMetadataBytes) return metadata;
  throw invalidInput(
    `tags, properties and details of a job may have ${maximumMetadataBytes} bytes together, not ${bytes}`,
  );
}

const maximumMetadataBytes = 350_000;
