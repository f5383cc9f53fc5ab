// /user-xxxx/describe: every logged-in user may see every user's name. The other fields are shown only to the user.

import { offeredRegions } from '../../../core/container/region.ts';
import { resourceNotFound } from '../../../core/error/api-error.ts';
import { isUserId } from '../../../core/id/identifier.ts';
import { selectFields } from '../../../core/object/field.ts';
import { loadInstalled } from '../../../engine/app/series.ts';
import { loadSshKey } from '../../../engine/identity/ssh-key.ts';
import { loadUser } from '../../../engine/identity/user.ts';
import type { KnownCall } from '../../route.ts';
import type { DescribeInput } from '../../schemas/describe.ts';

export async function describeUser({ context, caller, subject, input }: KnownCall<DescribeInput>) {
  const user = isUserId(subject) ? await loadUser(context, subject) : undefined;
  if (user === undefined) throw resourceNotFound(subject, 'there is no such user');
  const { id, handle, created, billTo } = user;
  const names = { id, class: 'user', handle, first: handle, last: '', middle: '' };
  const own = { email: '', billTo, created, permittedRegions: offeredRegions(context.settings.region) };
  const values: Record<string, unknown> = caller.user === id ? { ...names, ...own } : names;
  const defaults = [...Object.keys(values), 'appsInstalled', 'sshPublicKey'];
  const chosen = selectFields(input, { defaults, switches: [], always: ['id'] });
  if (caller.user === id && chosen.has('appsInstalled')) {
    const installed = await loadInstalled(context, id);
    values.appsInstalled = installed
      .filter((name) => name.startsWith(appPrefix))
      .map((name) => name.slice(appPrefix.length));
  }
  // Left out when there is none: clients check whether the key exists.
  const key = caller.user === id && chosen.has('sshPublicKey') ? await loadSshKey(context, id) : undefined;
  if (key !== undefined) values.sshPublicKey = key;
  return Object.fromEntries(Object.entries(values).filter(([field]) => chosen.has(field)));
}

const appPrefix = 'app-';
