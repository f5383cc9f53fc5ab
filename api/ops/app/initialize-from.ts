// Begins a version as another one: `initializeFrom` of /app/new and /globalworkflow/new (docs/reference/api.md, "Apps").

import type { Sources } from '../../../core/app/check-request.ts';
import type { Contents } from '../../../core/app/complete.ts';
import type { PublishedClass } from '../../../core/app/version.ts';
import { invalidInput, invalidState, permissionDenied } from '../../../core/error/api-error.ts';
import { findVersion, loadVersionBody } from '../../../engine/app/version.ts';
import type { KnownCall } from '../../route.ts';

/** The fields and executables with which a new version begins. Those of the call replace them. */
export type Beginning = { readonly name: string; readonly contents: Contents; readonly sources: Sources };

/** @param from an id, or `app-<name>` with an alias or without. The caller must be allowed to read its code. */
export async function loadBeginning(
  { context, caller }: KnownCall<unknown>,
  className: PublishedClass,
  from: string,
): Promise<Beginning> {
  const [subject = '', alias] = from.split('/');
  if (!subject.startsWith(`${className}-`)) {
    throw invalidInput(`expected key "initializeFrom" of input to name a version, such as ${className}-xxxx`);
  }
  const { id, facts, standing } = await findVersion(context, caller, subject, alias);
  if (facts.deleted === true) throw invalidState(`"${id}" was deleted`);
  if (standing !== 'developer' && !facts.openSource) {
    throw permissionDenied(`begin with ${from}`, 'a developer of it, or "openSource"', 'the right to run it');
  }
  const { name, title, openSource, editions } = facts;
  const sources = Object.entries(editions).map(([region, { executable, resources }]) => {
    return [region, { executable, resources }] as const;
  });
  const contents = { title, openSource, body: await loadVersionBody(context, id) };
  return { name, contents, sources: new Map(sources) };
}
