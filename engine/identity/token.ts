// Tokens of users: random texts of which only the hash is stored. Tokens of jobs are in job-token.ts.

import { createHash } from 'node:crypto';
import type { Context } from '../../core/context.ts';
import type { UserId } from '../../core/id/identifier.ts';
import { readToken, tokenKey, tokenRow } from '../../core/row/identities.ts';

/** What a token row says. `expiresAt` in milliseconds; absent when the token does not expire. */
export type TokenFacts = { readonly user: UserId; readonly expiresAt: number; readonly label: string };

/**
 * Makes a token for a user and stores its hash.
 *
 * @returns the token's text, which is held nowhere else
 */
export async function issueToken(
  context: Context,
  facts: { readonly user: UserId; readonly expiresAt: number; readonly label: string },
): Promise<string> {
  const token = Buffer.from(context.random(tokenByteCount)).toString('base64url');
  const { user, expiresAt, label } = facts;
  const expiresAtSeconds = Math.ceil(expiresAt / 1000) + keptAfterExpirySeconds;
  const row = { user, scope: 'full', label, created: context.now(), expiresAt, expiresAtSeconds } as const;
  await context.rows.put('identities', tokenRow(tokenHash(token), row));
  return token;
}

/** The token with that hash, unless it is unknown, revoked or expired: expiry is compared, never left to TTL. */
export async function loadToken(context: Context, hash: string): Promise<TokenFacts | undefined> {
  const row = readToken(await context.rows.get('identities', tokenKey(hash)));
  if (row === undefined || row.expiresAt <= context.now()) return undefined;
  return { user: row.user, expiresAt: row.expiresAt, label: row.label };
}

/** Revokes a token of that user; one that is not theirs, or gone, stays as it is. True when it was theirs. */
export async function revokeToken(context: Context, user: UserId, hash: string): Promise<boolean> {
  return context.rows.delete('identities', tokenKey(hash), { user });
}

/** SHA-256 (hex) of a token: its key, and what `dx logout` calls its signature. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** 256 bits. */
const tokenByteCount = 32;
/** TTL may delete the row only well after it stopped counting. */
const keptAfterExpirySeconds = 86_400;
