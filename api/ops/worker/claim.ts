// /_worker/claim: a worker takes its job and gets everything that it needs to run it. It has no token yet: the boot
// nonce is the proof.

import { z } from 'zod';
import type { Context } from '../../../core/context.ts';
import { invalidInput, invalidState } from '../../../core/error/api-error.ts';
import type { AppletSpec } from '../../../core/executable/applet.ts';
import { type Failure, failureMessages, reportedMessageCharacters } from '../../../core/execution/failure.ts';
import { given } from '../../../core/given.ts';
import { type AppId, type AppletId, isId } from '../../../core/id/identifier.ts';
import { workerSize, workerSizeNote } from '../../../core/instance/worker-size.ts';
import { isMaster, type JobRow, jobWorkspace } from '../../../core/job/row.ts';
import { slotWaitNote } from '../../../core/job/slot-wait.ts';
import type { ExecutionSpec } from '../../../core/job/spec.ts';
import { fieldsWithoutEffect } from '../../../core/job/without-effect.ts';
import type { Hash } from '../../../core/reference/value.ts';
import { loadRegion } from '../../../engine/access/region.ts';
import { loadApp } from '../../../engine/app/load-app.ts';
import { findVersion } from '../../../engine/app/version.ts';
import { claim } from '../../../engine/job/claim.ts';
import { endTry } from '../../../engine/job/end-try.ts';
import { loadInput } from '../../../engine/job/input.ts';
import { loadObjectsAnywhere } from '../../../engine/store/load-object.ts';
import type { OpenCall } from '../../route.ts';
import { describeFound } from '../app/describe.ts';
import { describeJobs } from '../job/describe.ts';
import { type Description, describeObjects } from '../shared/describe-object.ts';

export const claimInput = z.object({
  job: z.string().max(64),
  try: z.int().min(0).max(10_000),
  launch: z.int().min(0).max(1_000_000),
  nonce: z.string().max(256),
  task: z.string().min(1).max(512),
});

/** The claim as worker/platform.ts reads it. */
export async function claimJob(call: OpenCall<z.output<typeof claimInput>>): Promise<Hash> {
  const { context, input } = call;
  if (!isId(input.job, 'job')) throw invalidInput('expected key "job" of input to be the id of a job');
  const { token, row, spec } = await claim(context, { ...input, job: input.job });
  const [executable, [jobDescribe], jobInput] = await Promise.all([
    describeExecutable(call, row, spec),
    describeJobs(context, [row], {}),
    loadInput(context, row, spec, 'itself'),
  ]);
  return {
    token,
    job: row.pk,
    try: row.try,
    function: row.function,
    workspace: jobWorkspace(row),
    project: row.project,
    ...given({ resources: spec.app?.resources, projectCache: spec.app?.projectCache }),
    region: jobDescribe?.region,
    launchedBy: row.launchedBy,
    // A worker that reports one of these waits for the answer before it removes anything.
    debugOn: spec.debugOn ?? [],
    input: jobInput,
    // The input is sent once: an answer must have room for the largest one.
    jobDescribe: { ...jobDescribe, input: undefined },
    ...executable,
    limits: {
      heartbeatSeconds: context.settings.heartbeatSeconds,
      messageCharacters: reportedMessageCharacters,
      ...limitsOf(row),
    },
  };
}

/** If the executable is gone everywhere, the job cannot run, and fails here. */
async function describeExecutable({ context }: OpenCall<unknown>, row: JobRow, spec: ExecutionSpec) {
  const { executable: id } = row;
  const found = isId(id, 'app') ? await loadOwnApp(context, row, id) : await loadOwnApplet(context, row, id);
  if (found === undefined) {
    const failure: Failure = { reason: 'ExecutionError', message: failureMessages.executableGone(id) };
    await endTry(context, row, { failure });
    throw invalidState(`"${id}", which "${row.pk}" runs, does not exist any more`, { code: 'claimed' });
  }
  const { executable, described } = found;
  const executableDescribe = { name: spec.executableName, ...described };
  const facts = { isMaster: isMaster(row), entryPoint: row.function, spec, executable };
  const sizeNote = workerSizeNote(row.instance);
  const notes = [
    ...slotWaitNote(row, context.settings.slotCount),
    ...(sizeNote === undefined ? [] : [sizeNote]),
    ...fieldsWithoutEffect(facts),
  ];
  return { executableDescribe, runSpec: executable.runSpec, notes };
}

type OwnExecutable = { readonly executable: AppletSpec; readonly described: Description | undefined };

/**
 * The applet was cloned into the workspace before the job became runnable (docs/reference/api.md, "Workspaces"), but
 * code of an earlier job may have removed it there. The job does not depend on that.
 */
async function loadOwnApplet(context: Context, row: JobRow, id: AppletId): Promise<OwnExecutable | undefined> {
  const place = jobWorkspace(row);
  const [object] = await loadObjectsAnywhere(context, place, [id], ['applet', 'details']);
  if (object?.spec === undefined) return undefined;
  const [described] = await describeObjects(context, [{ object, place }], {}, asJob(row));
  return { executable: object.spec as AppletSpec, described };
}

/** The copy that the app has in its resources: the job does not see the applet from which it was made. */
async function loadOwnApp(context: Context, row: JobRow, id: AppId): Promise<OwnExecutable | undefined> {
  const app = await findVersion(context, asJob(row), id, undefined);
  if (app.facts.deleted === true) return undefined;
  const { spec } = await loadApp(context, { ...app, id }, await loadRegion(context, row.project));
  return { executable: spec, described: await describeFound(context, asJob(row), app, {}) };
}

function asJob(row: JobRow) {
  return { kind: 'job', user: row.launchedBy, job: row } as const;
}

/**
 * The limits of a job's log and of its folder, and the processors and memory of its instance type. The folder may be as
 * large as the disk of that type, where the worker must watch it (docs/reference/api.md, "Instance types").
 */
function limitsOf(row: JobRow) {
  const { cores, memoryGib, diskGb } = workerSize(row.instance);
  return { logBytes, folderBytes: diskGb * 1024 ** 3, cores, memoryGib };
}

const logBytes = 64 * 1024 ** 2;
