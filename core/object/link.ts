// Finds links in the details of data objects (docs/reference/api.md, "Metadata of data objects"). Unlike in inputs,
// only the two forms that name an object count.

import { isObjectId, isPlaceId, type ObjectId } from '../id/identifier.ts';
import { isHash } from '../reference/value.ts';

/**
 * The ids that details link to, each once, in order. A `$dnanexus_link` is a problem if it is not the only key of its
 * hash, or does not name a data object.
 */
export function findDetailLinks(details: unknown): { readonly links: ObjectId[]; readonly problems: string[] } {
  const links = new Set<ObjectId>();
  const problems: string[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (isHash(value) && Object.hasOwn(value, linkKey)) readLink(value);
    else if (isHash(value)) Object.values(value).forEach(walk);
  };
  const readLink = (hash: Record<string, unknown>): void => {
    const link = hash[linkKey];
    const id = isHash(link) && (link.project === undefined || isPlaceId(link.project)) ? link.id : link;
    if (Object.keys(hash).length !== 1) problems.push(`"${linkKey}" to be the only key of its hash`);
    else if (isObjectId(id)) links.add(id);
    else problems.push(`"${linkKey}" to be the id of a data object`);
  };
  walk(details);
  if (links.size > maximumLinkCount) problems.push(`at most ${maximumLinkCount} links`);
  return { links: [...links], problems };
}

const linkKey = '$dnanexus_link';
/** Each link is a row of its own. */
const maximumLinkCount = 5_000;
