// /system/comeBackLater: answers like a busy server until a given time. Clients test with it how they wait
// (docs/reference/api.md, "Retries").

import { z } from 'zod';
import { ApiError } from '../../../core/error/api-error.ts';
import type { KnownCall } from '../../route.ts';

/** `waitUntil` is in milliseconds since 1970. */
export const comeBackLaterInput = z.object({
  waitUntil: z.number().nullish(),
  setRetryAfter: z.boolean().default(true),
});

export async function comeBackLater({ context, input }: KnownCall<z.output<typeof comeBackLaterInput>>) {
  const now = context.now();
  const waitMs = (input.waitUntil ?? now) - now;
  if (waitMs <= 0) return { currentTime: now };
  const retryAfterSeconds = input.setRetryAfter ? Math.ceil(waitMs / 1_000) : undefined;
  throw new ApiError('ServiceUnavailable', `Come back in ${waitMs} ms`, undefined, { retryAfterSeconds });
}
