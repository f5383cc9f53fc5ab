// /app-xxxx/get: the whole app, with its code. `dx get` writes it to files.

import { permissionDenied } from '../../../core/error/api-error.ts';
import { findVersion } from '../../../engine/app/version.ts';
import type { KnownCall } from '../../route.ts';
import type { Description } from '../shared/describe-object.ts';
import { describeFound, describeSpec } from './describe.ts';

/** Developers may read the code, and all who see the app if its source is open. */
export async function getApp({ context, caller, subject, alias }: KnownCall<unknown>): Promise<Description> {
  const found = await findVersion(context, caller, subject, alias);
  if (found.standing !== 'developer' && !found.facts.openSource) {
    throw permissionDenied(`read the code of ${subject}`, 'a developer of it, or "openSource"', 'the right to run it');
  }
  const description = await describeFound(context, caller, found, {});
  if (found.facts.deleted === true) return description;
  const { runSpec } = await describeSpec(context, found);
  return { ...description, runSpec };
}
