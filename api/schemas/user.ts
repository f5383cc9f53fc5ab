// Shapes of the inputs of logging in and out (dx-api.md §1.8).

import { z } from 'zod';

export const newAuthTokenInput = z.object({
  username: z.string().max(200),
  password: z.string().max(1_024),
  otp: z.string().max(64).nullish(),
  /** Milliseconds since 1970. */
  expires: z.number().nullish(),
});

export const destroyAuthTokenInput = z.object({ tokenSignature: z.string().max(200).nullish() });
