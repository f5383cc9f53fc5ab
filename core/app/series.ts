// The rules of a series: one name of apps or of global workflows, with its versions, its aliases and the people who may
// use it (docs/reference/api.md, "Apps"). Developers, authorized users and categories belong to all versions.

import { type ApiError, invalidInput, invalidState, permissionDenied, publishedNotFound } from '../error/api-error.ts';
import { isId, type PublishedId, type UserId } from '../id/identifier.ts';
import type { Refusal } from '../run/refusal.ts';
import type { PublishedClass } from './version.ts';

export type Aliases = { readonly [alias: string]: PublishedId };
/** `PUBLIC`: every user. */
export type AuthorizedUser = UserId | 'PUBLIC';
/** A name stays claimed by its developers when all its versions are deleted. */
export type Series = {
  readonly className: PublishedClass;
  readonly name: string;
  readonly developers: readonly UserId[];
  readonly authorizedUsers: readonly AuthorizedUser[];
  readonly categories: readonly string[];
  /** Version → id. Deleted ones are not among them. */
  readonly versions: Aliases;
  /** Further aliases. `default` is the one that a name without an alias means. */
  readonly tags: Aliases;
  /** The number of users who have it in their list. */
  readonly installs: number;
  /** Counts the changes. Each is conditional on the one before. */
  readonly revision: number;
};
/** `authorized` users see published versions only. */
export type Standing = 'developer' | 'authorized';

/** `app-<name>` or `globalworkflow-<name>`. */
export function seriesName({ className, name }: Pick<Series, 'className' | 'name'>): string {
  return `${className}-${name}`;
}

/** The series of a version, by its id and its name. */
export function seriesOfVersion(id: PublishedId, { name }: { readonly name: string }): string {
  return seriesName({ className: isId(id, 'app') ? 'app' : 'globalworkflow', name });
}

/** Says what a user is to a series. The result is undefined for one who may not know of it. */
export function standingOf(series: Series, user: UserId): Standing | undefined {
  if (series.developers.includes(user)) return 'developer';
  const { authorizedUsers } = series;
  return authorizedUsers.includes(user) || authorizedUsers.includes('PUBLIC') ? 'authorized' : undefined;
}

/** True when a user of that standing may see and run a version. */
export function seesVersion(standing: Standing | undefined, { published }: { readonly published?: number }): boolean {
  return standing === 'developer' || (standing === 'authorized' && published !== undefined);
}

/** The version of an alias; undefined when there is none. */
export function idOfAlias({ versions, tags }: Series, alias: string = defaultTag): PublishedId | undefined {
  if (Object.hasOwn(versions, alias)) return versions[alias];
  return Object.hasOwn(tags, alias) ? tags[alias] : undefined;
}

/** The aliases of a version: its number first, then its tags. */
export function aliasesOf({ versions, tags }: Series, id: PublishedId): string[] {
  const named = (aliases: Aliases) => Object.keys(aliases).filter((alias) => aliases[alias] === id);
  return [...named(versions), ...named(tags).sort()];
}

/** A claim of a version of a name by one who creates it. */
export type Claim = {
  readonly className: PublishedClass;
  readonly name: string;
  readonly version: string;
  readonly id: PublishedId;
  readonly user: UserId;
};

/**
 * The series with a new version. The first version gets the tag `default`, and makes its creator the developer of a new
 * name.
 */
export function addVersion(found: Series | undefined, claim: Claim): Series | Refusal {
  const { className, name, version, id, user } = claim;
  const series = found ?? { ...emptySeries, className, name, developers: [user] };
  const denied = requireDeveloper(series, user, `create a version of ${seriesName(series)}`);
  if (denied !== undefined) return { refused: denied };
  if (idOfAlias(series, version) !== undefined) return { refused: invalidInput(aliasTaken) };
  if (Object.keys(series.versions).length >= maximumVersionCount) {
    return { refused: invalidInput(`${seriesName(series)} has ${maximumVersionCount} versions: delete one first`) };
  }
  const isFirst = Object.keys(series.versions).length === 0;
  const tags = isFirst ? { ...series.tags, [defaultTag]: id } : series.tags;
  return { ...series, tags, versions: { ...series.versions, [version]: id } };
}

/** The refusal of a user who may not change a series; undefined for its developers. */
export function requireDeveloper(series: Series, user: UserId, doing: string): ApiError | undefined {
  if (series.developers.includes(user)) return undefined;
  const held = standingOf(series, user) === undefined ? 'somebody else’s name' : 'the right to run it';
  return permissionDenied(doing, 'a developer of that name', held);
}

/** The series with these tags at one version. A tag that another version has moves. */
export function addTags(series: Series, id: PublishedId, tags: readonly string[]): Series | Refusal {
  const problems = tags.flatMap((tag) => {
    if (!aliasPattern.test(tag)) return [`the tag "${tag}" must ${aliasForm}`];
    return Object.hasOwn(series.versions, tag) || versionPattern.test(tag) ? [`the tag "${tag}" is a version`] : [];
  });
  if (problems.length > 0) return { refused: invalidInput(problems) };
  if (!Object.values(series.versions).includes(id)) return { refused: invalidState(`"${id}" was deleted`) };
  const added = { ...series.tags, ...Object.fromEntries(tags.map((tag) => [tag, id])) };
  if (Object.keys(added).length > maximumTagCount) {
    return { refused: invalidInput(`expected ${seriesName(series)} to have at most ${maximumTagCount} tags`) };
  }
  return { ...series, tags: added };
}

/** The series without these tags of one version. Tags of other versions stay. */
export function removeTags(series: Series, id: PublishedId, tags: readonly string[]): Series {
  const kept = Object.entries(series.tags).filter(([tag, at]) => at !== id || !tags.includes(tag));
  return { ...series, tags: Object.fromEntries(kept) };
}

/** The series without a version and its tags. */
export function removeVersion(series: Series, id: PublishedId): Series {
  const others = (aliases: Aliases) => Object.fromEntries(Object.entries(aliases).filter(([, at]) => at !== id));
  return { ...series, versions: others(series.versions), tags: others(series.tags) };
}

/** The lists of people and of words that belong to a series. */
export type SeriesList = 'developers' | 'authorizedUsers' | 'categories';

/** The series with more entries in one of its lists. */
export function addToList(series: Series, list: SeriesList, entries: readonly string[]): Series | Refusal {
  const after = [...new Set([...series[list], ...entries])];
  if (after.length > maximumCounts[list]) {
    return { refused: invalidInput(`expected "${list}" to have at most ${maximumCounts[list]} entries`) };
  }
  return { ...series, [list]: after };
}

/** The series without these entries in one of its lists. A name keeps at least one developer. */
export function removeFromList(series: Series, list: SeriesList, entries: readonly string[]): Series | Refusal {
  const after = (series[list] as readonly string[]).filter((entry) => !entries.includes(entry));
  if (list === 'developers' && after.length === 0) {
    return { refused: invalidState(`${seriesName(series)} must keep at least one developer: add another one first`) };
  }
  return { ...series, [list]: after };
}

/**
 * 404: a version by an id, or by its name and alias. It does not say whether the name exists. Clients look for the beginning
 * of the sentence (dx-toolkit, test_get_app_by_name).
 */
export function versionNotFound(subject: string, alias: string | undefined): ApiError {
  const kind = subject.startsWith('app-') ? 'an app' : 'a global workflow';
  return publishedNotFound(kind, alias === undefined ? subject : `${subject}/${alias}`);
}

const emptySeries = { authorizedUsers: [], categories: [], versions: {}, tags: {}, installs: 0, revision: 0 };
export const defaultTag = 'default';
/** The client compares this text (docs/reference/api.md, "Errors"). */
const aliasTaken = 'Specified name and version conflict with an existing alias';
/** A series is one row, which holds 400 KB. */
const maximumVersionCount = 1_000;
const maximumTagCount = 100;
const maximumCounts = { developers: 100, authorizedUsers: 1_000, categories: 100 } as const;
/** Names, versions and tags are parts of paths. */
export const aliasPattern = /^[a-zA-Z0-9][a-zA-Z0-9._+-]{0,127}$/;
export const aliasForm = 'be 1 to 128 letters, digits, ".", "_", "+" and "-", beginning with a letter or digit';
/** The beginning of a semantic version (https://semver.org). */
const versionPattern = /^\d+\.\d+\.\d+/;
