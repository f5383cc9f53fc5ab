// Starts the execution that starts a worker for one launch of a runnable job. Writes nothing: delivered twice, it finds the
// execution of that name, and that is success (docs/reference/protocols.md, "Launch").

import type { Context, LaunchInput, RunnableMessage } from '../../core/context.ts';
import { isId } from '../../core/id/identifier.ts';
import { fargateSize } from '../../core/instance/fargate-size.ts';
import { executionName, type JobRow } from '../../core/job/row.ts';
import { loadJob } from '../store/load-job.ts';

/** Does nothing for a job that is no longer runnable in this try and launch. */
export async function dispatch(context: Context, message: RunnableMessage): Promise<void> {
  if (!isId(message.job, 'job')) return;
  const row = await loadJob(context, message.job);
  if (row?.state !== 'runnable' || row.try !== message.try || row.launch !== message.launch) return;
  const name = executionName({ job: row.pk, try: row.try, launch: row.launch });
  await context.workers.start(name, await launchInput(context, row, name));
}

/** Ids and sizes only: besides the nonce, which the claim spends, no secret travels through the state machine. */
async function launchInput(context: Context, row: JobRow, name: string): Promise<LaunchInput> {
  const { cpu, memory, diskGb } = fargateSize(row.instance);
  const [apiUrl, nonce] = await Promise.all([context.apiUrl(), context.seals.seal('boot', name)]);
  const environment = {
    ESPALIER_API_URL: apiUrl,
    ESPALIER_JOB: row.pk,
    ESPALIER_TRY: String(row.try),
    ESPALIER_LAUNCH: String(row.launch),
    ESPALIER_NONCE: nonce,
  };
  const tags = { job: row.pk, origin: row.origin, project: row.project, launchedBy: row.launchedBy };
  return {
    jobId: row.pk,
    try: row.try,
    launch: row.launch,
    cpu,
    memory,
    diskGib: diskGb,
    environment: Object.entries(environment).map(([Name, Value]) => ({ Name, Value })),
    tags: Object.entries(tags).map(([Key, Value]) => ({ Key: `espalier:${Key}`, Value })),
    spot: row.priority === 'low',
  };
}
