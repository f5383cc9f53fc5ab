// The public SSH key that a user wants to reach jobs with. A row of its own: whoever writes it cannot touch the password.

import type { Context } from '../../core/context.ts';
import type { UserId } from '../../core/id/identifier.ts';
import { readSshKey, sshKeyKey, sshKeyRow } from '../../core/row/identities.ts';

/** The key as its user gave it; undefined when there is none. */
export async function loadSshKey(context: Context, user: UserId): Promise<string | undefined> {
  return readSshKey(await context.rows.get('identities', sshKeyKey(user)));
}

/** Keeps a key instead of the one before; null revokes it. */
export async function saveSshKey(context: Context, user: UserId, text: string | null): Promise<void> {
  if (text === null) await context.rows.delete('identities', sshKeyKey(user));
  else await context.rows.put('identities', sshKeyRow(user, text));
}
