// The parts of an executable that differ between regions, by region: `regionalOptions` (docs/reference/api.md, "Regions").

import { given } from '../given.ts';
import { type Hash, isHash } from '../reference/value.ts';

/** The reason, as a sentence, why these are no regional options. Options of other regions are not looked at. */
export function checkRegionalOptions(options: unknown): string | undefined {
  if (options === undefined || (isHash(options) && Object.values(options).every(isHash))) return undefined;
  return '"regionalOptions" must be a hash of regions, such as {"aws:us-east-1": {"systemRequirements": {}}}';
}

/**
 * The body of an applet with the options of one region in its `runSpec`. `dx build` has put them there before it sends
 * the body, so what is there already is not added again.
 */
export function applyRegionalOptions(body: Hash, region: string): Hash {
  const options = isHash(body.regionalOptions) ? body.regionalOptions[region] : undefined;
  if (!isHash(options) || !isHash(body.runSpec)) return body;
  const { systemRequirements, bundledDepends } = options;
  const runSpec = {
    ...body.runSpec,
    ...given({ systemRequirements }),
    ...(Array.isArray(bundledDepends)
      ? { bundledDepends: addMissing(body.runSpec.bundledDepends, bundledDepends) }
      : {}),
  };
  return { ...body, runSpec };
}

function addMissing(entries: unknown, more: readonly unknown[]): unknown {
  if (entries === undefined) return more;
  if (!Array.isArray(entries)) return entries;
  const there = new Set(entries.map((entry) => JSON.stringify(entry)));
  return [...entries, ...more.filter((entry) => !there.has(JSON.stringify(entry)))];
}
