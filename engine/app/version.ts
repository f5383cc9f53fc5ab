// Reads versions of apps and global workflows, and finds the one that a call names.

import { findBuiltIn } from '../../core/app/built-in.ts';
import {
  idOfAlias,
  type Series,
  type Standing,
  seesVersion,
  seriesOfVersion,
  standingOf,
  versionNotFound,
} from '../../core/app/series.ts';
import type { VersionBody, VersionFacts } from '../../core/app/version.ts';
import type { Context } from '../../core/context.ts';
import { permissionDenied } from '../../core/error/api-error.ts';
import { isId, type PublishedId } from '../../core/id/identifier.ts';
import type { KnownCaller } from '../../core/identity/caller.ts';
import { readVersion, readVersionBody, versionBodyKey, versionKey } from '../../core/row/published.ts';
import type { Refusal } from '../../core/run/refusal.ts';
import { unpack } from '../store/packed.ts';
import { isMade, makeBuiltIn } from './built-in.ts';
import { loadSeries } from './series.ts';

/** A version that a caller may see, and what they are to its series. A running job sees its own app without any. */
export type FoundVersion = {
  readonly id: PublishedId;
  readonly facts: VersionFacts;
  readonly series: Series;
  readonly standing: Standing | undefined;
};

export async function loadVersion(context: Context, id: PublishedId): Promise<VersionFacts | undefined> {
  return readVersion(await context.rows.get('containers', versionKey(id)));
}

/** The versions with these ids, parallel to `ids`. */
export async function loadVersions(
  context: Context,
  ids: readonly PublishedId[],
): Promise<(VersionFacts | undefined)[]> {
  return (await context.rows.getMany('containers', ids.map(versionKey))).map(readVersion);
}

export async function loadVersionBody(context: Context, id: PublishedId): Promise<VersionBody> {
  const body = unpack(readVersionBody(await context.rows.get('containers', versionBodyKey(id))));
  if (body === undefined) throw new Error(`${id} has a row but no body`);
  return body as VersionBody;
}

/**
 * The version that a path names: by its id, or by `app-<name>` with an alias or without.
 *
 * @throws ApiError ResourceNotFound when there is none, or the caller may not see it. For an id that exists, it is
 *   PermissionDenied: clients expect that, and ids cannot be guessed (docs/reference/api.md, "Apps")
 */
export async function findVersion(
  context: Context,
  caller: KnownCaller,
  subject: string,
  alias: string | undefined,
): Promise<FoundVersion> {
  const found = await lookUpVersion(context, caller, subject, alias);
  if ('refused' in found) throw found.refused;
  return found;
}

/** Finds a version as `findVersion` does, and returns a refusal instead of throwing it. */
export async function lookUpVersion(
  context: Context,
  caller: KnownCaller,
  subject: string,
  alias: string | undefined,
): Promise<FoundVersion | Refusal> {
  const byId = isPublishedId(subject) ? await findById(context, subject) : undefined;
  const found = byId ?? (await findByName(context, subject, alias));
  if (found === undefined || (byId !== undefined && alias !== undefined)) {
    return { refused: versionNotFound(subject, alias) };
  }
  const standing = standingOf(found.series, caller.user);
  const isOwn = caller.kind === 'job' && caller.job.executable === found.id;
  if (seesVersion(standing, found.facts) || isOwn) return { ...found, standing };
  if (byId === undefined) return { refused: versionNotFound(subject, alias) };
  const needed = 'a developer of it, or one whom a developer has authorized';
  return { refused: permissionDenied(`see ${subject}`, needed, undefined) };
}

export function isPublishedId(subject: string): subject is PublishedId {
  return isId(subject, 'app') || isId(subject, 'globalworkflow');
}

type Found = Pick<FoundVersion, 'id' | 'facts' | 'series'>;

async function findById(context: Context, id: PublishedId): Promise<Found | undefined> {
  const facts = await loadVersion(context, id);
  if (facts === undefined) return undefined;
  const series = await loadSeries(context, seriesOfVersion(id, facts));
  return series === undefined ? undefined : { id, facts, series };
}

/** The series. An app of the platform's own is made if it is not there yet. */
async function loadMadeSeries(context: Context, name: string): Promise<Series | undefined> {
  const series = await loadSeries(context, name);
  const builtIn = name.startsWith('app-') ? findBuiltIn(name.slice('app-'.length)) : undefined;
  if (builtIn === undefined || isMade(builtIn, series)) return series;
  await makeBuiltIn(context, builtIn);
  return loadSeries(context, name);
}

async function findByName(context: Context, name: string, alias: string | undefined): Promise<Found | undefined> {
  const series = await loadMadeSeries(context, name);
  const id = series === undefined ? undefined : idOfAlias(series, alias);
  if (series === undefined || id === undefined) return undefined;
  const facts = await loadVersion(context, id);
  // The series was read before the version. A deletion in between took the alias away.
  return facts === undefined || facts.deleted === true ? undefined : { id, facts, series };
}
