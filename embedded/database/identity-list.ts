// Puts users and tokens that an earlier version made on their lists, which it did not keep.

import type { Rows } from '../../core/context.ts';
import { entryOf } from '../../core/row/identities.ts';
import type { Database } from './database.ts';
import { parseRow } from './row-text.ts';

/** To be called after the tables were made. */
export async function listIdentities({ sqlite }: Database, rows: Rows): Promise<void> {
  const identities = sqlite.prepare("SELECT text FROM identities WHERE sk = 'A'").all();
  for (const { text } of identities) {
    const entry = entryOf(parseRow(String(text)));
    if (entry !== undefined) await rows.put('identities', entry, 'absent');
  }
}
