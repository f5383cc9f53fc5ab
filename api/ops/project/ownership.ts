// The owner of a project: who pays for it, and where its bytes are. Neither can be changed on this platform.

import type { Context } from '../../../core/context.ts';
import { ApiError, invalidInput } from '../../../core/error/api-error.ts';
import { isUserId } from '../../../core/id/identifier.ts';
import { isHash } from '../../../core/reference/value.ts';
import { loadUser } from '../../../engine/identity/user.ts';

/**
 * Projects are billed to their creators, because there are no organizations that pay for others. An account that does
 * not exist and an account that may not pay are refused with different errors.
 */
export async function refuseOtherPayer(
  context: Context,
  user: string,
  billTo: string | null | undefined,
): Promise<void> {
  if (billTo === undefined || billTo === null || billTo === user) return;
  if (!isUserId(billTo) || (await loadUser(context, billTo)) === undefined) {
    throw invalidInput(`expected key "billTo" of input to be an account: there is no ${JSON.stringify(billTo)}`);
  }
  throw new ApiError(
    'PermissionDenied',
    `A project of ${user} is billed to ${user}, and cannot be billed to "${billTo}"`,
  );
}

/**
 * Storage of others is not a setting that could be kept without effect: the project would not have the bytes that
 * belong there.
 */
export function refuseForeignStorage(input: unknown): void {
  const named = ['drive', 'defaultSymlink'].filter(
    (key) => isHash(input) && input[key] !== undefined && input[key] !== null,
  );
  const why = 'be left out: this platform keeps files in its own storage, and has no drives';
  if (named.length > 0) throw invalidInput(named.map((key) => `expected key "${key}" of input to ${why}`));
}
