// /file-xxxx/download: a URL of ours that leads to the bytes for as long as it says (dx-api.md §9.6).

import type { z } from 'zod';
import { invalidState, permissionDenied } from '../../../core/error/api-error.ts';
import { isId } from '../../../core/id/identifier.ts';
import { refusalInState } from '../../../core/object/state.ts';
import { loadProject } from '../../../engine/container/project.ts';
import { downloadUrl } from '../../download.ts';
import type { ObjectCall } from '../../route.ts';
import type { downloadInput } from '../../schemas/object.ts';

export async function downloadFile(call: ObjectCall<z.output<typeof downloadInput>>) {
  const { context, caller, id, object, place, input } = call;
  const refusal = refusalInState(id, 'download', object.row.state);
  if (refusal !== undefined) throw invalidState(refusal);
  await refuseRestricted(call);
  const name = input.filename ?? object.placements.get(place)?.name ?? id;
  const expires = input.preauthenticated
    ? context.now() + (input.duration ?? defaultDurationSeconds) * 1000
    : keptUrlExpires(context.now());
  const holder = input.preauthenticated ? undefined : caller;
  const asked = typeof input.project === 'string' ? place : undefined;
  const url = await downloadUrl(context, { file: id, place: asked, name, expires, holder });
  return input.preauthenticated ? { url, headers: {}, expires } : { url, headers: {} };
}

async function refuseRestricted({ context, caller, place, id }: ObjectCall<unknown>): Promise<void> {
  if (caller.kind === 'job' || !isId(place, 'project')) return;
  const project = await loadProject(context, place);
  if (project?.settings.downloadRestricted !== true) return;
  throw permissionDenied(`download ${id} from ${place}, which is downloadRestricted`, 'a job’s token', 'a user’s');
}

/**
 * dxpy keeps a URL that is not preauthenticated for ever, so it lasts for the longest download; and it is the same all
 * day, as clients expect (dx-toolkit, test_get_download_url_from_handler).
 */
function keptUrlExpires(now: number): number {
  return (Math.ceil(now / dayMs) + keptUrlDays) * dayMs;
}

const dayMs = 86_400_000;
const defaultDurationSeconds = 86_400;
const keptUrlDays = 30;
