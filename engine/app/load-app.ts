// Loads an app as a program that a job can run.

import { findBuiltIn } from '../../core/app/built-in.ts';
import { chooseEdition } from '../../core/app/edition.ts';
import type { Context } from '../../core/context.ts';
import type { AppletSpec } from '../../core/executable/applet.ts';
import type { Program } from '../../core/executable/executable.ts';
import { given } from '../../core/given.ts';
import { type AppId, isId } from '../../core/id/identifier.ts';
import { accepted } from '../../core/run/refusal.ts';
import { loadObjectAt } from '../store/load-object.ts';
import { type FoundVersion, loadVersionBody } from './version.ts';

/** An app that a caller may run, as its path names it (`findVersion`). */
export type FoundApp = FoundVersion & { readonly id: AppId };

/**
 * The app as it runs in a region: its applet, in the resources of that region, with the fields of the app instead of the
 * applet's. The platform's own apps run in every region.
 *
 * @throws ApiError InvalidState when it was deleted, InvalidInput when it is not enabled in that region
 */
export async function loadApp(
  context: Context,
  app: FoundApp,
  region: string,
): Promise<Extract<Program, { kind: 'app' }>> {
  const { id, facts } = app;
  const { name, version, editions } = facts;
  const enabled = findBuiltIn(name) === undefined ? region : (Object.keys(editions)[0] ?? region);
  const edition = accepted(chooseEdition(id, facts, enabled));
  return { kind: 'app', id, name, version, spec: await loadAppSpec(context, app, enabled), place: edition.resources };
}

/** The specification of an app in any of its regions, with the code. Inputs and outputs are the same in all of them. */
export async function loadAnySpec(context: Context, found: FoundVersion): Promise<AppletSpec> {
  const [region = context.settings.region] = Object.keys(found.facts.editions);
  return loadAppSpec(context, found, region);
}

/** The specification of an app in one of its regions, with the code. */
export async function loadAppSpec(context: Context, { id, facts }: FoundVersion, region: string): Promise<AppletSpec> {
  const edition = facts.editions[region];
  const applet = edition?.executable;
  const [object, body] = await Promise.all([
    edition !== undefined && isId(applet, 'applet') ? loadObjectAt(context, edition.resources, applet) : undefined,
    loadVersionBody(context, id),
  ]);
  if (object?.spec === undefined) throw new Error(`${id} has no applet in its resources of ${region}`);
  const { summary, description, developerNotes, dxapi, access } = body;
  const { ignoreReuse, treeTurnaroundTimeThreshold, httpsApp } = body;
  const texts = { title: facts.title, summary, description, developerNotes, dxapi };
  return {
    ...(object.spec as AppletSpec),
    ...{ ...texts, access },
    ...given({ ignoreReuse, treeTurnaroundTimeThreshold, httpsApp }),
  };
}
