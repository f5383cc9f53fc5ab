// /system/findApps and findGlobalWorkflows (docs/reference/api.md, "Apps" and "Search conventions"): by name, and the versions of a
// name in the order of their creation.

import type { z } from 'zod';
import { idOfAlias, type Series, seesVersion, standingOf } from '../../../core/app/series.ts';
import { type PublishedClass, publishedClasses } from '../../../core/app/version.ts';
import type { Context } from '../../../core/context.ts';
import { invalidInput } from '../../../core/error/api-error.ts';
import type { KnownCaller } from '../../../core/identity/caller.ts';
import { within } from '../../../core/object/find-filter.ts';
import { usualStepBudget } from '../../../core/pattern/regexp.ts';
import { loadManySeries, loadSeriesEntries } from '../../../engine/app/series.ts';
import { type FoundVersion, loadVersions } from '../../../engine/app/version.ts';
import { mapLimited } from '../../../engine/store/map-limited.ts';
import type { KnownCall } from '../../route.ts';
import type { findPublishedInput } from '../../schemas/find.ts';
import { describeFound } from '../app/describe.ts';
import { compiled } from './find-data-objects.ts';
import { absoluteRange } from './time-range.ts';

type Input = z.output<typeof findPublishedInput>;

export function findApps(call: KnownCall<Input>) {
  return findPublished(call, publishedClasses[0]);
}

export function findGlobalWorkflows(call: KnownCall<Input>) {
  return findPublished(call, publishedClasses[1]);
}

async function findPublished({ context, caller, input }: KnownCall<Input>, className: PublishedClass) {
  const { limit, starting, describe } = input;
  const series = (await loadCandidates(context, caller, className)).filter(seriesMatcher(input));
  series.sort((first, second) => (first.name < second.name ? -1 : 1));
  const found: FoundVersion[] = [];
  for (let at = 0; at < series.length && found.length <= limit; at += seriesAtOnce) {
    const versions = await loadMatching(context, caller, series.slice(at, at + seriesAtOnce), input);
    found.push(...versions.filter((one) => starting == null || keyOf(one) > starting));
  }
  const page = found.slice(0, limit);
  const results = await mapLimited(page, async (one) => {
    if (describe === false) return { id: one.id };
    return { id: one.id, describe: await describeFound(context, caller, one, describe === true ? {} : describe) };
  });
  const last = page.at(-1);
  return { results, next: found.length > page.length && last !== undefined ? keyOf(last) : null };
}

/** The names that the caller may see. The entries of lists are hints. */
async function loadCandidates(context: Context, { user }: KnownCaller, className: PublishedClass): Promise<Series[]> {
  const lists = await Promise.all([loadSeriesEntries(context, user), loadSeriesEntries(context, 'PUBLIC')]);
  const names = [...new Set(lists.flat())].filter((name) => name.startsWith(`${className}-`));
  const series = await loadManySeries(context, names);
  return series.filter((one) => standingOf(one, user) !== undefined);
}

function seriesMatcher(input: Input): (series: Series) => boolean {
  const name = compiled(input.name);
  const budget = { left: usualStepBudget };
  return (series) => {
    const named = name?.test(series.name, budget) ?? true;
    if (named === 'exhausted') throw invalidInput('the pattern in key "name" of input takes too long: make it simpler');
    const { category, developer, authorizedUser } = input;
    return (
      named &&
      (category == null || series.categories.includes(category)) &&
      (developer == null || (series.developers as readonly string[]).includes(developer)) &&
      (authorizedUser == null || (series.authorizedUsers as readonly string[]).includes(authorizedUser))
    );
  };
}

/** The versions of these names that match: only those with the tag `default`, unless all are asked for. */
async function loadMatching(
  context: Context,
  caller: KnownCaller,
  series: readonly Series[],
  input: Input,
): Promise<FoundVersion[]> {
  const named = series.flatMap((one) => {
    const ids = input.allVersions === true ? Object.values(one.versions) : [idOfAlias(one)];
    return ids.flatMap((id) => (id === undefined ? [] : [{ id, series: one, standing: standingOf(one, caller.user) }]));
  });
  const facts = await loadVersions(
    context,
    named.map(({ id }) => id),
  );
  const created = absoluteRange(input.created, context.now());
  const modified = absoluteRange(input.modified, context.now());
  const { published, billTo, createdBy } = input;
  const found = named.flatMap((one, index) => {
    const version = facts[index];
    if (version === undefined || version.deleted === true || !seesVersion(one.standing, version)) return [];
    const matches =
      (published == null || published === (version.published !== undefined)) &&
      (billTo == null || billTo === version.billTo) &&
      (createdBy == null || createdBy === version.createdBy) &&
      within(created, version.created) &&
      within(modified, version.modified);
    return matches ? [{ ...one, facts: version }] : [];
  });
  return found.sort((first, second) => (keyOf(first) < keyOf(second) ? -1 : 1));
}

/** Sorts as text: by the name, then by the time of creation. A space comes before every character of a name. */
function keyOf({ id, facts }: FoundVersion): string {
  return `${facts.name} ${String(facts.created).padStart(13, '0')} ${id}`;
}

/** Names whose versions are read together. */
const seriesAtOnce = 100;
