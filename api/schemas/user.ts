// Shapes of the inputs of logging in and out (docs/reference/api.md, "Login").

import { z } from 'zod';
import { shortText } from './metadata.ts';

export const newAuthTokenInput = z.object({
  username: z.string().max(200),
  password: z.string().max(1_024),
  otp: z.string().max(64).nullish(),
  /** Milliseconds since 1970. */
  expires: z.number().nullish(),
});

export const destroyAuthTokenInput = z.object({ tokenSignature: z.string().max(200).nullish() });

/** Null revokes the key. */
export const updateUserInput = z.object({ sshPublicKey: shortText.nullable().optional() });
