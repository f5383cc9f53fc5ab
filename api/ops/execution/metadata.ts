// addTags, removeTags, setProperties and update of jobs and analyses: allowed in any state, finished ones included
// (docs/reference/api.md, "Methods of a job" and "Metadata of executions").

import type { z } from 'zod';
import { invalidInput } from '../../../core/error/api-error.ts';
import { isId } from '../../../core/id/identifier.ts';
import type { JobMetadata } from '../../../core/job/job-fields.ts';
import { type ExecutionRow, isJob } from '../../../core/row/execution/execution.ts';
import { noSsh } from '../../../core/run/plan-run.ts';
import { changeMetadata } from '../../../engine/execution/metadata.ts';
import { loadSpec } from '../../../engine/store/load-job.ts';
import { loadAnalysisSpec } from '../../../engine/store/save-analysis.ts';
import type { KnownCall } from '../../route.ts';
import type { jobPropertiesInput, jobTagsInput, updateJobInput } from '../../schemas/execution.ts';
import { visibleAnalysis, visibleTry } from './visible.ts';

/** Adding a tag that exists changes nothing. */
export function addTags(call: KnownCall<z.output<typeof jobTagsInput>>): Promise<{ id: string }> {
  const { tags } = call.input;
  return changeOf(call, (metadata) => ({ ...metadata, tags: [...new Set([...metadata.tags, ...tags])] }));
}

/** Removing a tag that does not exist changes nothing. */
export function removeTags(call: KnownCall<z.output<typeof jobTagsInput>>): Promise<{ id: string }> {
  const gone = new Set(call.input.tags);
  return changeOf(call, (metadata) => ({ ...metadata, tags: metadata.tags.filter((tag) => !gone.has(tag)) }));
}

/** Null removes a property. Properties that are not named stay. */
export function setProperties(call: KnownCall<z.output<typeof jobPropertiesInput>>): Promise<{ id: string }> {
  const changes = Object.entries(call.input.properties);
  return changeOf(call, (metadata) => {
    const properties = new Map(Object.entries(metadata.properties));
    for (const [key, value] of changes) {
      if (value === null) properties.delete(key);
      else properties.set(key, value);
    }
    return { ...metadata, properties: Object.fromEntries(properties) };
  });
}

/** `allowSSH` is the only setting that the service lets a caller change, and it is refused. */
export function updateExecution(call: KnownCall<z.output<typeof updateJobInput>>): Promise<{ id: string }> {
  return changeOf(call, (metadata) => {
    if ((call.input.allowSSH ?? []).length > 0) throw invalidInput(noSsh);
    return metadata;
  });
}

/**
 * Changes the metadata of an analysis, or of the try of a job that the input names, else of the present one. Needs
 * CONTRIBUTE in its project.
 */
async function changeOf(
  call: KnownCall<{ readonly try?: number | null | undefined }>,
  change: (metadata: JobMetadata) => JobMetadata,
): Promise<{ id: string }> {
  const { context } = call;
  const doing = 'change its tags, properties and settings';
  const read = isId(call.subject, 'analysis') ? visibleAnalysis : visibleTry;
  const row: ExecutionRow = await read(call, doing, 'CONTRIBUTE');
  const spec = await (isJob(row) ? loadSpec(context, row.pk) : loadAnalysisSpec(context, row.pk));
  await changeMetadata(context, { execution: row.pk, try: row.try, spec }, (metadata) => checked(change(metadata)));
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
