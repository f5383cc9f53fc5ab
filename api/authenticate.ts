// Finds the caller of a request by its Authorization header. authorise.ts decides what the caller may do.

import type { Context } from '../core/context.ts';
import type { Caller } from '../core/identity/caller.ts';
import { loadCallerByToken } from '../engine/identity/caller.ts';

/**
 * The caller of an `Authorization: Bearer <token>` header, the word in any case (docs/reference/api.md, "Requests"). It
 * never refuses, because some routes are for everyone. An anonymous caller carries the reason instead.
 */
export async function authenticate(context: Context, header: string | undefined): Promise<Caller> {
  if (header === undefined || header === '') return { kind: 'anonymous', why: loginNeeded };
  const token = /^bearer +(\S+)$/i.exec(header.slice(0, maximumHeaderLength).trim())?.[1];
  if (token === undefined) return { kind: 'anonymous', why: 'The Authorization header must be "Bearer <token>"' };
  // dxpy sends this when it does not have a token (docs/reference/api.md, "Requests").
  if (token === 'PUBLIC') return { kind: 'anonymous', why: loginNeeded, isPublic: true };
  return loadCallerByToken(context, token);
}

const loginNeeded = 'You need to be logged in to use this method';
const maximumHeaderLength = 4_096;
