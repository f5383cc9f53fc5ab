// Keeps the public SSH key with which a user wants to reach jobs. It has a row of its own, so that writing it cannot
// change the password.

import type { Context } from '../../core/context.ts';
import type { UserId } from '../../core/id/identifier.ts';
import { readSshKey, sshKeyKey, sshKeyRow } from '../../core/row/identities.ts';

/** The key as the user gave it; undefined when there is none. */
export async function loadSshKey(context: Context, user: UserId): Promise<string | undefined> {
  return readSshKey(await context.rows.get('identities', sshKeyKey(user)));
}

/** Replaces the user's key; null revokes it. */
export async function saveSshKey(context: Context, user: UserId, text: string | null): Promise<void> {
  if (text === null) await context.rows.delete('identities', sshKeyKey(user));
  else await context.rows.put('identities', sshKeyRow(user, text));
}
