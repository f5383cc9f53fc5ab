// Makes, checks, lists and revokes the tokens of users. They are random texts, and only their hashes are stored.

import { createHash } from 'node:crypto';
import type { Context } from '../../core/context.ts';
import type { UserId } from '../../core/id/identifier.ts';
import {
  readToken,
  readTokenEntry,
  tokenEntryKey,
  tokenEntryPrefix,
  tokenEntryRow,
  tokenKey,
  tokenRow,
} from '../../core/row/identities.ts';
import { allRows } from '../store/all-rows.ts';

/** The facts in a token's row. `expiresAt` is in milliseconds since 1970. */
export type TokenFacts = {
  readonly user: UserId;
  readonly created: number;
  readonly expiresAt: number;
  readonly label: string;
};

/**
 * Makes a token for a user and stores its hash.
 *
 * @returns the token's text, which is not stored anywhere
 */
export async function issueToken(
  context: Context,
  facts: { readonly user: UserId; readonly expiresAt: number; readonly label: string },
): Promise<string> {
  const token = Buffer.from(context.random(tokenByteCount)).toString('base64url');
  const { user, expiresAt, label } = facts;
  const expiresAtSeconds = Math.ceil(expiresAt / 1000) + keptAfterExpirySeconds;
  const row = { user, scope: 'full', label, created: context.now(), expiresAt, expiresAtSeconds } as const;
  const hash = tokenHash(token);
  await context.rows.put('identities', tokenEntryRow(user, hash, expiresAtSeconds));
  await context.rows.put('identities', tokenRow(hash, row));
  return token;
}

/**
 * The token with that hash; undefined when it is unknown, revoked or expired. TTL deletes late, so times are compared.
 */
export async function loadToken(context: Context, hash: string): Promise<TokenFacts | undefined> {
  const row = readToken(await context.rows.get('identities', tokenKey(hash)));
  if (row === undefined || row.expiresAt <= context.now()) return undefined;
  return { user: row.user, created: row.created, expiresAt: row.expiresAt, label: row.label };
}

/** Revokes a token if it is this user's. False when it is another user's or gone; then nothing changes. */
export async function revokeToken(context: Context, user: UserId, hash: string): Promise<boolean> {
  if (!(await context.rows.delete('identities', tokenKey(hash), { user }))) return false;
  await context.rows.delete('identities', tokenEntryKey(user, hash));
  return true;
}

/** The tokens of a user that are valid, by their hashes. */
export async function loadTokens(context: Context, user: UserId): Promise<Map<string, TokenFacts>> {
  const tokens = new Map<string, TokenFacts>();
  for (const hash of await hashesOf(context, user)) {
    const facts = await loadToken(context, hash);
    if (facts !== undefined) tokens.set(hash, facts);
  }
  return tokens;
}

/** Revokes every token of a user. */
export async function revokeTokens(context: Context, user: UserId): Promise<void> {
  for (const hash of await hashesOf(context, user)) await revokeToken(context, user, hash);
}

async function hashesOf(context: Context, user: UserId): Promise<string[]> {
  const hashes: string[] = [];
  for await (const row of allRows(context, 'identities', { pk: user, prefix: tokenEntryPrefix })) {
    hashes.push(readTokenEntry(row));
  }
  return hashes;
}

/** The SHA-256 of a token in hex. It is the key of the token's row, and `dx logout` calls it the signature. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** 256 bits. */
const tokenByteCount = 32;
/** TTL may delete the row only a day after the token expired. */
const keptAfterExpirySeconds = 86_400;
