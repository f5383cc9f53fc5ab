// The public SSH key that a user wants to reach jobs with. A row of its own: whoever writes it cannot touch the password.

import type { Context } from '../../core/context.ts';
import type { UserId } from '../../core/id/identifier.ts';

/** The key as its user gave it; undefined when there is none. */
export async function loadSshKey(context: Context, user: UserId): Promise<string | undefined> {
  const row = await context.rows.get('identities', sshKeyRow(user));
  return typeof row?.text === 'string' ? row.text : undefined;
}

/** Keeps a key instead of the one before; null revokes it. */
export async function saveSshKey(context: Context, user: UserId, text: string | null): Promise<void> {
  if (text === null) await context.rows.delete('identities', sshKeyRow(user));
  else await context.rows.put('identities', { ...sshKeyRow(user), text });
}

function sshKeyRow(user: UserId) {
  return { pk: user, sk: 'K' };
}
