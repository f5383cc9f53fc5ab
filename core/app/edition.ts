// Chooses what a version runs in a region.

import { invalidInput, invalidState } from '../error/api-error.ts';
import type { PublishedId } from '../id/identifier.ts';
import type { Refusal } from '../run/refusal.ts';
import { seriesOfVersion } from './series.ts';
import type { Edition, VersionFacts } from './version.ts';

/** The edition of a region. A version that was deleted has none any more. */
export function chooseEdition(id: PublishedId, facts: VersionFacts, region: string): Edition | Refusal {
  const { version, editions, deleted } = facts;
  const named = seriesOfVersion(id, facts);
  if (deleted === true) return { refused: invalidState(`${id} was deleted: run another version of ${named}`) };
  const edition = Object.hasOwn(editions, region) ? editions[region] : undefined;
  if (edition !== undefined) return edition;
  const regions = Object.keys(editions).join(', ');
  const problem = `${named}/${version} is not enabled in the region ${region}, only in ${regions}`;
  return { refused: invalidInput(problem) };
}
