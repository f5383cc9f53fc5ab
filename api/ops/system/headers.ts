// /system/headers: the headers of the request, as the platform sees them (docs/reference/api.md, "Retries").

import type { OpenCall } from '../../route.ts';

/** The token is not repeated: it would end in logs. */
export async function headers({ headers: sent }: OpenCall<unknown>): Promise<Record<string, string>> {
  return Object.fromEntries(Object.entries(sent).filter(([name]) => name !== 'authorization'));
}
