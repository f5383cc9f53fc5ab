// /file-xxxx/download: a URL of ours that leads to the bytes until it expires (docs/reference/api.md, "File download").

import type { z } from 'zod';
import { invalidState, permissionDenied } from '../../../core/error/api-error.ts';
import { jobWorkspace } from '../../../core/job/row.ts';
import { refusalInState } from '../../../core/object/state.ts';
import { loadGoverningProject } from '../../../engine/access/level.ts';
import { createSight } from '../../../engine/access/sight.ts';
import { findUsablePlace } from '../../../engine/access/usable-place.ts';
import { loadProject } from '../../../engine/container/project.ts';
import { downloadUrl } from '../../download.ts';
import type { ObjectCall } from '../../route.ts';
import type { downloadInput } from '../../schemas/object.ts';

type DownloadCall = ObjectCall<z.output<typeof downloadInput>>;

export async function downloadFile(call: DownloadCall) {
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

/**
 * The token of a job of that project downloads for the job. A link that everybody may use would carry the bytes out of
 * the project, and so would a job of another project.
 */
async function refuseRestricted({ context, caller, place, level, id, object, input }: DownloadCall): Promise<void> {
  const inside = caller.kind === 'job' && !input.preauthenticated ? caller.job : undefined;
  if (inside !== undefined && (place === jobWorkspace(inside) || place === inside.project)) return;
  const { levelIn } = createSight(context, caller, { place, level });
  const found = await findUsablePlace(levelIn, object, {
    first: place,
    only: typeof input.project === 'string',
    isUsable: async (each) => {
      const project = await loadGoverningProject(context, each);
      if (project === undefined || project === inside?.project) return true;
      return (await loadProject(context, project))?.settings.downloadRestricted !== true;
    },
  });
  if (found?.usable === true) return;
  const needed = 'the token of a job of that project, without "preauthenticated"';
  throw permissionDenied(`download ${id} from ${place}, which is downloadRestricted`, needed, 'not that');
}

/**
 * dxpy keeps a URL that is not preauthenticated for ever, so it lasts for the longest download. It is the same all day,
 * as clients expect (dx-toolkit, test_get_download_url_from_handler).
 */
function keptUrlExpires(now: number): number {
  return (Math.ceil(now / dayMs) + keptUrlDays) * dayMs;
}

const dayMs = 86_400_000;
const defaultDurationSeconds = 86_400;
const keptUrlDays = 30;
