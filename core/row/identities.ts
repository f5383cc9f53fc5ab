// The rows of users, their SSH keys and tokens, their lists, and of the readers of logs.

import type { Key, Row } from '../context.ts';
import { isUserId, type UserId } from '../id/identifier.ts';
import { defineRow, readRow } from './kind.ts';

/** Times are in milliseconds since 1970. A user without a password can only use a token. */
type UserRow = {
  readonly handle: string;
  readonly passwordHash?: string;
  readonly created: number;
  readonly billTo: string;
};
type TokenRow = {
  readonly user: UserId;
  readonly scope: 'full';
  readonly label: string;
  readonly created: number;
  readonly expiresAt: number;
  /** When the table may delete the row: well after the row has lost its effect. */
  readonly expiresAtSeconds: number;
};
/** The fields after `expiresAtSeconds` are present once a turn was taken. */
export type ConnectionRow = {
  readonly job: string;
  readonly openedAt: number;
  readonly expiresAtSeconds: number;
  readonly turn?: number;
  /** The invocation that has the turn. */
  readonly owner?: string;
  readonly keptAt?: number;
  /** The log that is read, and the position in it, as JSON. */
  readonly connection?: string;
};

export const userKind = defineRow<UserRow>({
  table: 'identities',
  name: 'user',
  pk: '{user}',
  sk: 'A',
  meaning: 'A user, with the scrypt hash of the password.',
  fields: { required: { handle: 'text', created: 'number', billTo: 'text' }, optional: { passwordHash: 'text' } },
});
export const sshKeyKind = defineRow<{ readonly text: string }>({
  table: 'identities',
  name: 'SSH key',
  pk: '{user}',
  sk: 'K',
  meaning: 'The public key with which a user wants to reach jobs.',
  fields: { required: { text: 'text' }, optional: {} },
});
export const tokenKind = defineRow<TokenRow>({
  table: 'identities',
  name: 'token',
  pk: 'token#{sha256}',
  sk: 'A',
  meaning: 'A token of a user, by its hash. The token itself is stored nowhere.',
  fields: {
    required: {
      user: 'text',
      scope: ['full'],
      label: 'text',
      created: 'number',
      expiresAt: 'number',
      expiresAtSeconds: 'number',
    },
    optional: {},
  },
});
/** The lists are hints: each names rows that may be gone. */
export const userEntryKind = defineRow<object>({
  table: 'identities',
  name: 'entry of users',
  pk: 'users',
  sk: '{user}',
  meaning: 'Names a user. It is written before the user.',
  fields: { required: {}, optional: {} },
});
export const tokenEntryKind = defineRow<{ readonly expiresAtSeconds: number }>({
  table: 'identities',
  name: 'entry of tokens',
  pk: '{user}',
  sk: 'T#{sha256}',
  meaning: 'Names a token of the user. It is written before the token, and goes when the token goes.',
  fields: { required: { expiresAtSeconds: 'number' }, optional: {} },
});
export const connectionKind = defineRow<ConnectionRow>({
  table: 'identities',
  name: 'connection',
  pk: 'connection#{connection}',
  sk: 'A',
  meaning: 'A reader of a log: the log, the position in it, and the invocation that sends it.',
  fields: {
    required: { job: 'text', openedAt: 'number', expiresAtSeconds: 'number' },
    optional: { turn: 'number', owner: 'text', keptAt: 'number', connection: 'text' },
  },
});

export function userKey(user: UserId): Key {
  return { pk: user, sk: 'A' };
}

export function userRow(user: UserId, facts: UserRow): Row {
  return { ...userKey(user), ...facts };
}

/** A user. Undefined when there is no row. */
export function readUser(row: Row | undefined): UserRow | undefined {
  return row === undefined ? undefined : readRow(userKind, row);
}

export function sshKeyKey(user: UserId): Key {
  return { pk: user, sk: 'K' };
}

export function sshKeyRow(user: UserId, text: string): Row {
  return { ...sshKeyKey(user), text };
}

/** The key as its user gave it. Undefined when there is no row. */
export function readSshKey(row: Row | undefined): string | undefined {
  return row === undefined ? undefined : readRow(sshKeyKind, row).text;
}

/** The key of a token by the SHA-256 of its text, in hexadecimal. */
export function tokenKey(hash: string): Key {
  return { pk: `${tokenPrefix}${hash}`, sk: 'A' };
}

export function tokenRow(hash: string, facts: TokenRow): Row {
  return { ...tokenKey(hash), ...facts };
}

/** A token. Undefined when there is no row. */
export function readToken(row: Row | undefined): TokenRow | undefined {
  return row === undefined ? undefined : readRow(tokenKind, row);
}

/** The partition with an entry for each user. */
export const userEntries = 'users';
export const tokenEntryPrefix = 'T#';

export function userEntryKey(user: UserId): Key {
  return { pk: userEntries, sk: user };
}

/** The user that an entry names. */
export function readUserEntry(row: Row): UserId {
  return readRow(userEntryKind, row).sk as UserId;
}

export function tokenEntryKey(user: UserId, hash: string): Key {
  return { pk: user, sk: `${tokenEntryPrefix}${hash}` };
}

export function tokenEntryRow(user: UserId, hash: string, expiresAtSeconds: number): Row {
  return { ...tokenEntryKey(user, hash), expiresAtSeconds };
}

/** The hash of the token that an entry names. */
export function readTokenEntry(row: Row): string {
  return readRow(tokenEntryKind, row).sk.slice(tokenEntryPrefix.length);
}

/** Makes the entry of a user or a token in its list. The result is undefined for any other row. */
export function entryOf(row: Row): Row | undefined {
  if (row.sk !== 'A') return undefined;
  if (isUserId(row.pk)) return userEntryKey(row.pk);
  if (!row.pk.startsWith(tokenPrefix)) return undefined;
  const { user, expiresAtSeconds } = row;
  return tokenEntryRow(user as UserId, row.pk.slice(tokenPrefix.length), Number(expiresAtSeconds));
}

export function connectionKey(connectionId: string): Key {
  return { pk: `connection#${connectionId}`, sk: 'A' };
}

export function connectionRow(connectionId: string, facts: ConnectionRow): Row {
  return { ...connectionKey(connectionId), ...facts };
}

/** A reader of a log. Undefined when there is no row. */
export function readConnection(row: Row | undefined): ConnectionRow | undefined {
  return row === undefined ? undefined : readRow(connectionKind, row);
}

const tokenPrefix = 'token#';
