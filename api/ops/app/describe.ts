// Describes apps and global workflows (docs/reference/api.md, "Apps" and "Global workflows").

import { aliasesOf, seriesName } from '../../../core/app/series.ts';
import type { Edition, PublishedClass } from '../../../core/app/version.ts';
import type { Context } from '../../../core/context.ts';
import type { AppletSpec } from '../../../core/executable/applet.ts';
import { isId } from '../../../core/id/identifier.ts';
import type { KnownCaller } from '../../../core/identity/caller.ts';
import { type FieldRequest, selectFields } from '../../../core/object/field.ts';
import { createSight } from '../../../engine/access/sight.ts';
import { loadAppSpec } from '../../../engine/app/load-app.ts';
import { isInstalled } from '../../../engine/app/series.ts';
import { type FoundVersion, findVersion, loadVersionBody } from '../../../engine/app/version.ts';
import { loadObjectAt } from '../../../engine/store/load-object.ts';
import type { KnownCall } from '../../route.ts';
import type { DescribeInput } from '../../schemas/describe.ts';
import { type Description, describePlaced } from '../shared/describe-object.ts';
import { describeRunSpec } from '../shared/describe-run-spec.ts';

export async function describeVersion(call: KnownCall<DescribeInput>): Promise<Description> {
  const { context, caller, subject, alias, input } = call;
  return describeFound(context, caller, await findVersion(context, caller, subject, alias), input);
}

/** The description of a version that the caller may see. A deleted one shows little more than its name. */
export async function describeFound(
  context: Context,
  caller: KnownCaller,
  found: FoundVersion,
  request: FieldRequest,
): Promise<Description> {
  const { id, facts } = found;
  const className: PublishedClass = isId(id, 'app') ? 'app' : 'globalworkflow';
  const chosen = selectFields(request, { defaults: fieldsOf[className], switches: [] });
  const values = ownValues(found, className);
  if (facts.deleted !== true) {
    if (bodyFields.some((field) => chosen.has(field))) Object.assign(values, await loadVersionBody(context, id));
    if (chosen.has('installed')) values.installed = await isInstalled(context, caller.user, seriesName(found.series));
    Object.assign(values, await editionValues(context, caller, found, chosen));
  }
  return Object.fromEntries(
    fieldsOf[className].flatMap((field) => {
      return chosen.has(field) && values[field] !== undefined ? [[field, values[field]]] : [];
    }),
  );
}

function ownValues({ id, facts, series, standing }: FoundVersion, className: PublishedClass): Description {
  const { name, version, createdBy, created, modified, billTo, title, openSource, published } = facts;
  const deleted = facts.deleted === true;
  const common = { id, class: className, billTo, name, version, aliases: aliasesOf(series, id), createdBy };
  const values: Description = { ...common, created, modified, deleted, openSource, installed: false };
  const isDeveloper = standing === 'developer';
  if (deleted) return { ...values, applet: firstEdition(facts.editions)?.executable, isDeveloperFor: isDeveloper };
  const { categories, authorizedUsers, installs } = series;
  const own = isDeveloper ? { authorizedUsers } : {};
  return { ...values, published, title, categories, installs, isDeveloperFor: isDeveloper, ...own };
}

/** The fields that come from the applet or workflow of each region. */
async function editionValues(
  context: Context,
  caller: KnownCaller,
  found: FoundVersion,
  chosen: ReadonlySet<string>,
): Promise<Description> {
  const { editions } = found.facts;
  if (isId(found.id, 'app')) return appValues(context, found, chosen);
  if (!chosen.has('regionalOptions')) return {};
  const options: Description = {};
  for (const [region, { executable, resources }] of Object.entries(editions)) {
    const object = isId(executable, 'workflow') ? await loadObjectAt(context, resources, executable) : undefined;
    const sight = createSight(context, caller, { place: resources, level: 'VIEW' });
    const described = object === undefined ? undefined : await describePlaced(sight, { object, place: resources });
    options[region] = { workflow: executable, resources, workflowDescribe: described };
  }
  return { regionalOptions: options };
}

async function appValues(context: Context, found: FoundVersion, chosen: ReadonlySet<string>): Promise<Description> {
  const { editions } = found.facts;
  const [main] = regionsOf(context, found);
  if (main === undefined) return {};
  const edition = editions[main];
  const options = Object.entries(editions).map(([region, { executable, resources }]) => {
    return [region, { applet: executable, resources }];
  });
  const values = { region: main, applet: edition?.executable, resources: edition?.resources };
  const own = { ...values, regionalOptions: Object.fromEntries(options) };
  if (!specFields.some((field) => chosen.has(field))) return own;
  const { runSpec, inputSpec, outputSpec } = await describeSpec(context, found);
  const { code, ...shown } = runSpec;
  return { ...own, runSpec: shown, inputSpec, outputSpec };
}

/** The specification of an app, with what differs between its regions by region. */
export async function describeSpec(context: Context, found: FoundVersion) {
  const regions = regionsOf(context, found);
  const specs: [string, AppletSpec][] = [];
  for (const region of regions) specs.push([region, await loadAppSpec(context, found, region)]);
  const { inputSpec, outputSpec } = specs[0]?.[1] ?? {};
  return { runSpec: describeRunSpec(specs), inputSpec, outputSpec };
}

/** The regions of a version, with that of this platform first: it is the one that is shown where there is room for one. */
function regionsOf({ settings }: Context, { facts }: FoundVersion): string[] {
  const regions = Object.keys(facts.editions);
  return regions.sort((first, second) => Number(second === settings.region) - Number(first === settings.region));
}

/** The edition of the first region. */
export function mainEdition(context: Context, found: FoundVersion): Edition {
  const [region = ''] = regionsOf(context, found);
  const edition = found.facts.editions[region];
  if (edition === undefined) throw new Error(`${found.id} has no region`);
  return edition;
}

function firstEdition(editions: FoundVersion['facts']['editions']) {
  return Object.values(editions)[0];
}

const nameFields = [
  ...['id', 'class', 'billTo', 'name', 'version', 'aliases', 'createdBy', 'created', 'modified', 'deleted'],
  ...['published', 'title', 'summary', 'description', 'developerNotes', 'categories', 'dxapi', 'details'],
  ...['authorizedUsers', 'isDeveloperFor', 'regionalOptions', 'ignoreReuse', 'treeTurnaroundTimeThreshold'],
];
const specFields = ['runSpec', 'inputSpec', 'outputSpec'];
const fieldsOf: Readonly<Record<PublishedClass, readonly string[]>> = {
  app: [
    ...nameFields,
    ...['region', 'applet', 'resources', 'installed', 'openSource', 'installs', 'access', 'httpsApp'],
    ...['lineItemPerTest', ...specFields],
  ],
  globalworkflow: nameFields,
};
const bodyFields = [
  ...['summary', 'description', 'developerNotes', 'dxapi', 'details', 'access', 'ignoreReuse'],
  ...['treeTurnaroundTimeThreshold', 'httpsApp', 'lineItemPerTest'],
];
