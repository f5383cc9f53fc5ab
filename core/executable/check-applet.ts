// Checks the body of /applet/new and reads the applet's parts from it. Unknown top-level keys are ignored, because `dx
// build` sends the whole dxapp.json (docs/reference/api.md, "Applets"). The fields of every data object (project, name,
// …) are checked elsewhere.

import { isLevel } from '../access/level.ts';
import { isObjectId } from '../id/identifier.ts';
import { checkSpecification } from '../iospec/check-specification.ts';
import { linkTo, readReference } from '../reference/reference.ts';
import { exceedsDepth, type Hash, isHash, maximumDepth } from '../reference/value.ts';
import { type AppletSpec, interpreters, type RunSpec, runnableInterpreters } from './applet.ts';
import { checkExecutionPolicy, checkTimeoutPolicy } from './policy.ts';
import { applyRegionalOptions, checkRegionalOptions } from './regional-options.ts';
import { checkSystemRequirements } from './requirements.ts';

/**
 * The applet's specification, or a sentence for each fault of the body (all together). The `regionalOptions` of the
 * region become part of it. Links of `bundledDepends` are returned in the short form. The caller checks whether those
 * objects exist: `bundledObjects`.
 */
export function checkApplet(
  given: Hash,
  region: string,
): { readonly spec: AppletSpec } | { readonly problems: readonly string[] } {
  if (exceedsDepth(given))
    return { problems: [`the applet nests arrays and hashes deeper than ${maximumDepth} levels`] };
  const body = applyRegionalOptions(given, region);
  const regional = checkRegionalOptions(given.regionalOptions);
  const problems = [
    ...(regional === undefined ? [] : [regional]),
    ...(body.inputSpec === undefined ? [] : checkSpecification(body.inputSpec, 'inputSpec')),
    ...(body.outputSpec === undefined ? [] : checkSpecification(body.outputSpec, 'outputSpec')),
    ...checkRunSpec(body.runSpec),
    ...checkAccess(body.access),
    ...check(body, textFields, 'a string', isText),
    ...check(body, ['ignoreReuse'], 'true or false', isBoolean),
    ...check(body, ['treeTurnaroundTimeThreshold'], 'a number of seconds', isCount),
    ...check(body, ['httpsApp'], 'a hash', isHash),
  ];
  if (problems.length > 0) return { problems };
  const kept = pick({ ...body, ...regionsOf(body) }, keptFields);
  const spec = { ...defaults, ...kept, ...pick(body, [...textFields, 'access', 'ignoreReuse']) };
  return { spec: { ...spec, runSpec: keepRunSpec(body.runSpec as Hash) } as AppletSpec };
}

/** Only if there are some: an executable without regional options runs in every region. */
function regionsOf({ regionalOptions }: Hash): Hash {
  const regions = isHash(regionalOptions) ? Object.keys(regionalOptions) : [];
  return { regions: regions.length > 0 ? regions : undefined };
}

/** The objects that `bundledDepends` names, each once: they are links of the applet. */
export function bundledObjects(runSpec: RunSpec) {
  return [...new Set((runSpec.bundledDepends ?? []).map(({ id }) => id.$dnanexus_link))];
}

function checkRunSpec(runSpec: unknown): string[] {
  if (!isHash(runSpec)) return ['"runSpec" must be a hash with "interpreter" and "code"'];
  const at = (field: string) => `runSpec.${field}`;
  const problems: string[] = [];
  if (!(interpreters as readonly unknown[]).includes(runSpec.interpreter)) {
    const found = JSON.stringify(runSpec.interpreter)?.slice(0, 60) ?? 'missing';
    problems.push(`${at('interpreter')} must be ${runnableInterpreters.join(' or ')}, not ${found}`);
  }
  if (typeof runSpec.code !== 'string') problems.push(`${at('code')} must be a string: the program's text`);
  if (runSpec.distribution !== undefined && runSpec.distribution !== 'Ubuntu') {
    problems.push(`${at('distribution')} must be Ubuntu`);
  }
  const { restartableEntryPoints: restartable } = runSpec;
  if (restartable !== undefined && restartable !== 'all' && restartable !== 'master') {
    problems.push(`${at('restartableEntryPoints')} must be all or master`);
  }
  return [
    ...problems,
    ...check(runSpec, ['release', 'version'], 'a string', isText, at),
    ...check(runSpec, ['inheritParentRestartOnPolicy', 'headJobOnDemand'], 'true or false', isBoolean, at),
    ...check(runSpec, ['assetDepends', 'dependencies', 'execDepends'], 'an array of hashes', isHashes, at),
    ...['execDepends', 'dependencies'].flatMap((field) => checkExecDepends(runSpec[field], at(field))),
    ...checkBundledDepends(runSpec.bundledDepends),
    ...checkSystemRequirements(runSpec.systemRequirements, at('systemRequirements')),
    ...checkExclusiveSelectors(runSpec.systemRequirements),
    ...checkExecutionPolicy(runSpec.executionPolicy, at('executionPolicy')),
    ...checkTimeoutPolicy(runSpec.timeoutPolicy, at('timeoutPolicy')),
  ];
}

function checkExecDepends(entries: unknown, at: string): string[] {
  if (!isHashes(entries)) return [];
  return (entries as Hash[]).flatMap((entry, index) => {
    const source = entry.package_manager ?? 'apt';
    const problems = (packageManagers as readonly unknown[]).includes(source)
      ? []
      : [`${at}[${index}].package_manager must be one of ${packageManagers.join(', ')}`];
    const named = typeof entry.name === 'string' && entry.name !== '';
    return named ? problems : [...problems, `${at}[${index}].name must be the name of a package`];
  });
}

function checkBundledDepends(entries: unknown): string[] {
  if (entries === undefined) return [];
  if (!isHashes(entries)) return ['runSpec.bundledDepends must be an array of hashes'];
  return (entries as Hash[]).flatMap(({ name, id, stages }, index) => {
    const at = `runSpec.bundledDepends[${index}]`;
    const problems: string[] = [];
    if (typeof name !== 'string' || name === '') problems.push(`${at}.name must be a file name`);
    if (linkedObject(id) === undefined) problems.push(`${at}.id must be a link, {"$dnanexus_link": "file-…"}`);
    if (stages !== undefined && !isTexts(stages)) problems.push(`${at}.stages must be an array of entry points`);
    return problems;
  });
}

/**
 * instanceTypeSelector excludes instanceType and clusterSpec of the same entry point (docs/reference/api.md,
 * "Applets").
 */
function checkExclusiveSelectors(requirements: unknown): string[] {
  if (!isHash(requirements)) return [];
  return Object.entries(requirements).flatMap(([entryPoint, wanted]) => {
    if (!isHash(wanted) || wanted.instanceTypeSelector === undefined) return [];
    const others = ['instanceType', 'clusterSpec'].filter((field) => wanted[field] !== undefined);
    if (others.length === 0) return [];
    const at = `runSpec.systemRequirements.${entryPoint}`;
    return [`${at}: instanceTypeSelector cannot be combined with ${others.join(' and ')}`];
  });
}

/** A sentence for each fault of a request for access. */
export function checkAccess(access: unknown): string[] {
  if (access === undefined) return [];
  if (!isHash(access)) return ['"access" must be a hash'];
  const at = (field: string) => `access.${field}`;
  return [
    ...check(access, ['network'], 'an array of host names or "*"', isTexts, at),
    ...check(access, ['project', 'allProjects'], 'VIEW, UPLOAD, CONTRIBUTE or ADMINISTER', isLevel, at),
    ...check(access, ['developer', 'projectCreation'], 'true or false', isBoolean, at),
  ];
}

function keepRunSpec(runSpec: Hash): Hash {
  const kept = pick(runSpec, runSpecFields);
  const bundled = runSpec.bundledDepends as Hash[] | undefined;
  if (bundled === undefined) return kept;
  const short = bundled.map((entry) => {
    const object = linkedObject(entry.id);
    return object === undefined ? entry : { ...entry, id: linkTo(object) };
  });
  return { ...kept, bundledDepends: short };
}

/** The id may be a link of either form, or a plain string as asset records store it. */
function linkedObject(id: unknown) {
  if (isObjectId(id)) return id;
  const reference = isHash(id) ? readReference(id) : undefined;
  return reference?.kind === 'object' ? reference.object : undefined;
}

function check(
  hash: Hash,
  fields: readonly string[],
  wanted: string,
  test: (value: unknown) => boolean,
  at: (field: string) => string = (field) => `"${field}"`,
): string[] {
  const wrong = fields.filter((field) => hash[field] !== undefined && !test(hash[field]));
  return wrong.map((field) => `${at(field)} must be ${wanted}`);
}

function pick(hash: Hash, fields: readonly string[]): Hash {
  return Object.fromEntries(fields.filter((field) => hash[field] !== undefined).map((field) => [field, hash[field]]));
}

const isText = (value: unknown) => typeof value === 'string';
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);
const isBoolean = (value: unknown) => typeof value === 'boolean';
const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
const isHashes = (value: unknown) => Array.isArray(value) && value.every(isHash);

const textFields = ['title', 'summary', 'description', 'developerNotes', 'dxapi'] as const;
const keptFields = ['inputSpec', 'outputSpec', 'treeTurnaroundTimeThreshold', 'httpsApp', 'regions'];
const defaults = {
  dxapi: '1.0.0',
  access: {},
  title: '',
  summary: '',
  description: '',
  developerNotes: '',
  ignoreReuse: false,
};
const packageManagers = ['apt', 'pip', 'pip3', 'gem', 'cpan', 'cran', 'git'] as const;
const runSpecFields = [
  'interpreter',
  'code',
  'distribution',
  'release',
  'version',
  'execDepends',
  'dependencies',
  'assetDepends',
  'systemRequirements',
  'executionPolicy',
  'timeoutPolicy',
  'restartableEntryPoints',
  'inheritParentRestartOnPolicy',
  'headJobOnDemand',
] as const;
