// Adds, lists and removes users, and checks their passwords.

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Context } from '../../core/context.ts';
import { invalidInput } from '../../core/error/api-error.ts';
import { isUserId, type UserId } from '../../core/id/identifier.ts';
import {
  readUser,
  readUserEntry,
  sshKeyKey,
  userEntries,
  userEntryKey,
  userKey,
  userRow,
} from '../../core/row/identities.ts';
import { allRows } from '../store/all-rows.ts';
import { revokeTokens } from './token.ts';

export type User = {
  readonly id: UserId;
  readonly handle: string;
  readonly created: number;
  readonly billTo: string;
};

/**
 * Adds a user.
 *
 * @param facts without a password the user can only log in by a token
 * @throws ApiError InvalidInput when the handle is malformed or exists already
 */
export async function createUser(
  context: Context,
  facts: { readonly handle: string; readonly password?: string },
): Promise<UserId> {
  const id = `user-${facts.handle}`;
  if (!isUserId(id)) {
    throw invalidInput(
      `"${facts.handle}" is not a user name. Use at most 64 lower case letters, digits, ".", "_" and "-", beginning with a letter or digit`,
    );
  }
  const passwordHash = facts.password === undefined ? undefined : await hashPassword(facts.password);
  const user = { handle: facts.handle, created: context.now(), billTo: id };
  const row = userRow(id, passwordHash === undefined ? user : { ...user, passwordHash });
  await context.rows.put('identities', userEntryKey(id));
  if (!(await context.rows.put('identities', row, 'absent')))
    throw invalidInput(`User "${facts.handle}" exists already`);
  return id;
}

/** The user with this id; undefined when there is none. */
export async function loadUser(context: Context, id: UserId): Promise<User | undefined> {
  const row = readUser(await context.rows.get('identities', userKey(id)));
  return row === undefined ? undefined : { id, handle: row.handle, created: row.created, billTo: row.billTo };
}

/** All users, by their names. */
export async function loadUsers(context: Context): Promise<User[]> {
  const users: User[] = [];
  for await (const row of allRows(context, 'identities', { pk: userEntries })) {
    const user = await loadUser(context, readUserEntry(row));
    if (user !== undefined) users.push(user);
  }
  return users;
}

/** Replaces the password. False when there is no such user. */
export async function setPassword(context: Context, id: UserId, password: string): Promise<boolean> {
  const set = { passwordHash: await hashPassword(password) };
  return (await context.rows.update('identities', userKey(id), { set }, { billTo: id })) !== undefined;
}

/**
 * Removes a user with the tokens and the key. What the user owned is not looked at. An interrupted removal may be
 * repeated, because the tokens go before the user. Tokens that a login has made meanwhile go after the user.
 */
export async function removeUser(context: Context, id: UserId): Promise<void> {
  await revokeTokens(context, id);
  await context.rows.delete('identities', sshKeyKey(id));
  await context.rows.delete('identities', userKey(id));
  await revokeTokens(context, id);
  await context.rows.delete('identities', userEntryKey(id));
}

/** The id of the user if the password is right; undefined otherwise. A wrong name takes as long as a right one. */
export async function checkPassword(context: Context, handle: string, password: string): Promise<UserId | undefined> {
  const id = `user-${handle}`;
  const row = isUserId(id) ? readUser(await context.rows.get('identities', userKey(id))) : undefined;
  const held = row?.passwordHash ?? nobodysHash;
  const matches = await isPassword(password, held);
  return matches && row !== undefined && isUserId(id) ? id : undefined;
}

async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltByteCount);
  const key = await deriveKey(password, salt);
  return `scrypt$${salt.toString('base64url')}$${key.toString('base64url')}`;
}

async function isPassword(password: string, held: string): Promise<boolean> {
  const [, salt = '', key = ''] = held.split('$');
  const wanted = Buffer.from(key, 'base64url');
  const found = await deriveKey(password, Buffer.from(salt, 'base64url'));
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

function deriveKey(password: string, salt: Uint8Array): Promise<Buffer> {
  return scryptKey(password.slice(0, maximumPasswordLength), salt, keyByteCount, scryptCost);
}

const scryptKey = promisify<string, Uint8Array, number, object, Buffer>(scrypt);
const saltByteCount = 16;
const keyByteCount = 32;
/** OWASP's recommendation for scrypt. It takes 32 MiB and about 50 ms. */
const scryptCost = { N: 32_768, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const maximumPasswordLength = 1_024;
/** The hash to compare with if there is no such user, so that the time of an answer reveals nothing. */
const nobodysHash = `scrypt$${'A'.repeat(22)}$${'A'.repeat(42)}`;
