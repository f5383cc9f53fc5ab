// Makes the apps that the platform has from the beginning, each when somebody first asks for it (docs/decisions/assets.md).

import type { BuiltInApp } from '../../core/app/built-in.ts';
import type { Series } from '../../core/app/series.ts';
import type { VersionBody, VersionFacts } from '../../core/app/version.ts';
import { root } from '../../core/container/folder-path.ts';
import type { Context, Row, Write } from '../../core/context.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { AppId, UserId } from '../../core/id/identifier.ts';
import { resourcesRow, versionBodyRow, versionRow } from '../../core/row/published.ts';
import { createObject } from '../object/create.ts';
import { pack } from '../store/packed.ts';
import { assetBuilder } from './create-asset.ts';
import { changeSeries } from './series.ts';

/** True when the present version of the app is among those of its name. */
export function isMade({ version }: BuiltInApp, series: Series | undefined): boolean {
  return series !== undefined && Object.hasOwn(series.versions, version);
}

/**
 * Makes the present version, public and published, as the one that the name means. Everybody who asks at the same time
 * makes the same one: all its ids derive from its name and version.
 */
export async function makeBuiltIn(context: Context, app: BuiltInApp): Promise<void> {
  const { name, version } = app;
  const spec = assetBuilder(app);
  const id = deriveId('app', platformUser, name, version);
  const resources = deriveId('container', platformUser, name, version);
  const applet = deriveId('applet', platformUser, name, version);
  const { region } = context.settings;
  await context.rows.put('containers', resourcesRow(resources, { owner: id, region }));
  await createObject(context, {
    ...{ id: applet, place: resources, folderId: root, name, spec, digest: version, createdBy: { user: platformUser } },
    ...{ tags: [], types: [], properties: {}, hidden: false, details: {}, links: [], state: 'closed' },
  });
  const now = context.now();
  const facts: VersionFacts = {
    ...{ name, version, title: spec.title, openSource: true, billTo: platformUser, createdBy: platformUser },
    ...{ created: now, modified: now, published: now, revision: 0, digest: version },
    editions: { [region]: { executable: applet, resources } },
  };
  const { summary, description, developerNotes, dxapi, access, ignoreReuse } = spec;
  const body: VersionBody = { summary, description, developerNotes, dxapi, access, ignoreReuse, details: {} };
  const rows: readonly Row[] = [versionRow(id, facts), versionBodyRow(id, pack(body, 'the description'))];
  const writes = rows.map((row): Write => ({ kind: 'put', table: 'containers', row }));
  await changeSeries(context, `app-${name}`, (before) => {
    return isMade(app, before) ? undefined : { series: withVersion(app, id, before), writes };
  });
}

/** It has no developer, so nobody can change it. */
function withVersion({ name, version }: BuiltInApp, id: AppId, before: Series | undefined): Series {
  return {
    ...{ className: 'app', name, developers: [], authorizedUsers: ['PUBLIC'], categories: [] },
    ...{ installs: before?.installs ?? 0, revision: before?.revision ?? 0 },
    versions: { ...before?.versions, [version]: id },
    tags: { ...before?.tags, default: id },
  };
}

/** The creator of the platform's own apps. The name gives no right to them. */
const platformUser: UserId = 'user-espalier';
