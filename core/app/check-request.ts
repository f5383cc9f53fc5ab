// Checks the fields of a new version of an app or a global workflow, and of an update (docs/reference/api.md, "Apps").
// Unknown keys are ignored, because `dx build` sends everything that it has.

import type { AccessRequest } from '../executable/applet.ts';
import { checkAccess } from '../executable/check-applet.ts';
import { given } from '../given.ts';
import { isId, isObjectId, type ObjectId, type PlaceId } from '../id/identifier.ts';
import { exceedsDepth, type Hash, isHash, maximumDepth } from '../reference/value.ts';
import { findBuiltIn } from './built-in.ts';
import { aliasForm, aliasPattern, defaultTag } from './series.ts';
import type { PublishedClass } from './version.ts';

/** The objects of a resources container: all of a place, or those of a list. */
export type Resources = PlaceId | readonly ObjectId[];
/** Where the executable of a region comes from. */
export type Source = { readonly executable: string; readonly resources: Resources };
/** Sources by region. `*` is the region in which the one executable is found. */
export type Sources = ReadonlyMap<string, Source>;

/** The fields that a request sets. Those that are absent come from the executable, or stay as they are. */
export type OwnFields = {
  readonly title?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly developerNotes?: string;
  readonly dxapi?: string;
  readonly details?: Hash | readonly unknown[];
  readonly access?: AccessRequest;
  readonly openSource?: boolean;
  readonly billTo?: string;
  readonly ignoreReuse?: boolean;
  readonly treeTurnaroundTimeThreshold?: number;
  readonly httpsApp?: Hash;
  readonly lineItemPerTest?: Hash;
};

/** The own fields and the sources of a request, or a sentence for each fault. An update may leave out the sources. */
export function checkRequest(
  className: PublishedClass,
  body: Hash,
): { readonly own: OwnFields; readonly sources: Sources } | { readonly problems: readonly string[] } {
  if (exceedsDepth(body)) return { problems: [`the input nests arrays and hashes deeper than ${maximumDepth} levels`] };
  const problems = Object.entries(fieldRules).flatMap(([field, rule]) => {
    const value = body[field];
    return value === undefined || value === null || rule.test(value) ? [] : [`"${field}" must be ${rule.form}`];
  });
  const access = body.access ?? undefined;
  const read = readSources(className, body);
  problems.push(...checkAccess(access), ...read.problems);
  if (problems.length > 0) return { problems };
  const fields = Object.keys(fieldRules).map((field) => [field, body[field] ?? undefined]);
  const own = given({ ...Object.fromEntries(fields), access }) as OwnFields;
  return { own, sources: read.sources };
}

/** The faults of a name and of a version number. */
export function checkName(name: string, version: string): string[] {
  const problems: string[] = [];
  if (!aliasPattern.test(name)) problems.push(`"name" must ${aliasForm}`);
  // Such a name would look like an id.
  if (/^[0-9A-Za-z]{24}$/.test(name)) problems.push('"name" must not be 24 letters and digits, as in an id');
  if (findBuiltIn(name) !== undefined) problems.push(`"name" must be another: app-${name} belongs to the platform`);
  if (!aliasPattern.test(version)) problems.push(`"version" must ${aliasForm}`);
  if (version === defaultTag) problems.push(`"version" must not be "${defaultTag}", which is a tag`);
  return problems;
}

function readSources(
  className: PublishedClass,
  body: Hash,
): { readonly sources: Sources; readonly problems: readonly string[] } {
  const key = sourceKeys[className];
  const options = body.regionalOptions ?? undefined;
  const single = body[key] ?? undefined;
  const sources = new Map<string, Source>();
  if (options !== undefined && single !== undefined) {
    return { sources, problems: [`give "${key}" or "regionalOptions", not both`] };
  }
  if (single !== undefined) {
    const read = readSource(key, { [key]: single, resources: body.resources }, '');
    if ('problem' in read) return { sources, problems: [read.problem] };
    return { sources: sources.set('*', read), problems: [] };
  }
  if (options === undefined) return { sources, problems: [] };
  if (!isHash(options) || Object.keys(options).length === 0) {
    return { sources, problems: [`"regionalOptions" must be a hash of regions, each with "${key}"`] };
  }
  if (Object.keys(options).length > maximumRegionCount) {
    return { sources, problems: [`"regionalOptions" must have at most ${maximumRegionCount} regions`] };
  }
  const problems = Object.entries(options).flatMap(([region, option]) => {
    const read = readSource(key, isHash(option) ? option : {}, `regionalOptions.${region}.`);
    if ('problem' in read) return [read.problem];
    sources.set(region, read);
    return [];
  });
  return { sources, problems };
}

function readSource(key: string, option: Hash, at: string): Source | { readonly problem: string } {
  const executable = option[key];
  if (!isId(executable, key as 'applet')) return { problem: `"${at}${key}" must be the id of an ${key}` };
  const resources = option.resources ?? [];
  if (isId(resources, 'project')) return { executable, resources };
  const list = typeof resources === 'string' ? [resources] : resources;
  if (!Array.isArray(list) || list.length > maximumResourceCount || !list.every(isObjectId)) {
    return { problem: `"${at}resources" must be a project, or an array of at most ${maximumResourceCount} objects` };
  }
  return { executable, resources: list };
}

type FieldRule = { readonly form: string; readonly test: (value: unknown) => boolean };
const text = (limit: number): FieldRule => ({
  form: `a string of at most ${limit} bytes`,
  test: (value) => typeof value === 'string' && Buffer.byteLength(value) <= limit,
});
const flag: FieldRule = { form: 'true or false', test: (value) => typeof value === 'boolean' };
const hash: FieldRule = { form: 'a hash', test: isHash };
/** The title is in the row that lists read; the others are compressed. */
const fieldRules: { readonly [field: string]: FieldRule } = {
  title: text(10_000),
  summary: text(10_000),
  description: text(1_000_000),
  developerNotes: text(1_000_000),
  dxapi: text(100),
  details: { form: 'a hash or an array', test: (value) => Array.isArray(value) || isHash(value) },
  openSource: flag,
  billTo: text(100),
  ignoreReuse: flag,
  treeTurnaroundTimeThreshold: {
    form: 'a number of seconds',
    test: (value) => Number.isInteger(value) && (value as number) >= 0,
  },
  httpsApp: hash,
  lineItemPerTest: hash,
};
const sourceKeys = { app: 'applet', globalworkflow: 'workflow' } as const satisfies Record<PublishedClass, string>;
/** Objects that one call copies, in a time that clients wait. */
export const maximumResourceCount = 1_000;
/** The editions are in the row that lists read. */
const maximumRegionCount = 50;
