// Download URLs. Each is made for a file and, unless preauthenticated, for its caller. It is answered by a redirect to
// a fresh presigned URL (docs/reference/aws.md, "Presigned URLs"), because presigned URLs expire with the session that
// signed them, and clients keep theirs.

import { timingSafeEqual } from 'node:crypto';
import type { Context } from '../core/context.ts';
import { ApiError, invalidAuthentication, resourceNotFound } from '../core/error/api-error.ts';
import { isId, isObjectId, isPlaceId, isUserId, type ObjectId, type PlaceId } from '../core/id/identifier.ts';
import type { Caller, KnownCaller } from '../core/identity/caller.ts';
import { mayAct } from '../core/job/state.ts';
import { contentKey } from '../core/object/content-key.ts';
import { unknownMedia } from '../core/object/media.ts';
import { jobKey, readJob } from '../core/row/execution/job.ts';
import { loadLevel } from '../engine/access/level.ts';
import { type LoadedObject, loadObject } from '../engine/store/load-object.ts';
import { errorReply, type Reply } from './serve.ts';

export type Grant = {
  readonly file: ObjectId;
  /** Set only when the caller named the place: the file must then stay there. */
  readonly place: PlaceId | undefined;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
  /** The caller whose access is used. Undefined for a URL that everybody may use. */
  readonly holder: KnownCaller | undefined;
};
/** The sealed fields: file, name, expiry, place, holder. */
type SealedGrant = { readonly f: string; readonly n: string; readonly x: number; p?: string; h?: string };

/** `{apiUrl}/_download/<sealed grant>/<project?>/<file id>/<quoted filename>`. */
export async function downloadUrl(context: Context, grant: Grant): Promise<string> {
  const { file, place, name, expires, holder } = grant;
  const sealed: SealedGrant = { f: file, n: name, x: expires };
  if (place !== undefined) sealed.p = place;
  if (holder !== undefined) sealed.h = holder.kind === 'user' ? holder.user : `${holder.job.pk}:${holder.job.try}`;
  const text = Buffer.from(JSON.stringify(sealed)).toString('base64url');
  const seal = await context.seals.seal('download', text);
  const segments = [`${text}.${seal}`, ...(place === undefined ? [] : [place]), file, encodeURIComponent(name)];
  return `${await context.apiUrl()}${downloadPrefix}${segments.join('/')}`;
}

/**
 * Answers `GET` and `HEAD /_download/…`: 302 with `location`, or a refusal. A presigned URL holds for one method, so a
 * HEAD gets a URL for HEAD, which answers with the length of the file.
 */
export async function redirectDownload(
  context: Context,
  path: string,
  method: 'GET' | 'HEAD' = 'GET',
): Promise<Reply | { readonly status: 302; readonly location: string }> {
  try {
    const grant = await openGrant(context, path);
    const object = await loadGranted(context, grant);
    const location = await context.content.downloadUrl(contentKey(object.id, object.row), {
      expiresSeconds: presignedSeconds,
      filename: grant.n,
      media: object.row.media ?? unknownMedia,
      method,
    });
    return { status: 302, location };
  } catch (error) {
    if (error instanceof ApiError) return errorReply(error);
    throw error;
  }
}

export const downloadPrefix = '/_download/';

async function openGrant(context: Context, path: string): Promise<SealedGrant> {
  const [text = '', seal = ''] = path.slice(downloadPrefix.length).split('/')[0]?.split('.') ?? [];
  const wanted = Buffer.from(await context.seals.seal('download', text));
  const shown = Buffer.from(seal);
  if (wanted.length !== shown.length || !timingSafeEqual(wanted, shown)) throw badUrl();
  const grant = JSON.parse(Buffer.from(text, 'base64url').toString()) as SealedGrant;
  if (grant.x <= context.now()) throw badUrl();
  return grant;
}

/** The file, if it still exists and the holder may still see it. */
async function loadGranted(context: Context, grant: SealedGrant): Promise<LoadedObject> {
  const object = isObjectId(grant.f) ? await loadObject(context, grant.f) : undefined;
  if (object === undefined || object.row.state !== 'closed') throw resourceNotFound(grant.f);
  const asked = isPlaceId(grant.p) ? [grant.p] : [...object.placements.keys()];
  const places = asked.filter((place) => object.placements.has(place));
  if (places.length > 0 && grant.h === undefined) return object;
  const holder = grant.h === undefined ? undefined : await loadHolder(context, grant.h);
  if (holder === undefined) throw badUrl();
  for (const place of places) if ((await loadLevel(context, holder, place)) !== undefined) return object;
  throw resourceNotFound(grant.f);
}

/** A job's URLs end with its try. */
async function loadHolder(context: Context, held: string): Promise<KnownCaller | undefined> {
  if (isUserId(held)) return { kind: 'user', user: held, tokenHash: '' } satisfies Caller;
  const [id, attempt] = held.split(':');
  if (!isId(id, 'job')) return undefined;
  const job = readJob(await context.rows.get('executions', jobKey(id)));
  if (job === undefined || !mayAct(job.state) || String(job.try) !== attempt) return undefined;
  return { kind: 'job', user: job.launchedBy, job };
}

function badUrl(): ApiError {
  return invalidAuthentication('This download link is not valid or has expired: ask for a new one');
}

/** Long enough for one range of a slow reader: each range is redirected again. */
const presignedSeconds = 3_600;
