// The lists of developers, authorized users and categories of apps and global workflows. They hold for all versions of a
// name (docs/reference/api.md, "Apps").

import type { z } from 'zod';
import { addToList, removeFromList, type SeriesList } from '../../../core/app/series.ts';
import { resourceNotFound } from '../../../core/error/api-error.ts';
import { isUserId, type PublishedId } from '../../../core/id/identifier.ts';
import { findVersion } from '../../../engine/app/version.ts';
import { loadUser } from '../../../engine/identity/user.ts';
import type { KnownCall } from '../../route.ts';
import type { authorizedUsersInput, categoriesInput, developersInput } from '../../schemas/app.ts';
import { changeOwnSeries } from './change-series.ts';
import { findOwnVersion } from './developer.ts';

type Changed = Promise<{ id: PublishedId }>;
type DevelopersCall = KnownCall<z.output<typeof developersInput>>;
type UsersCall = KnownCall<z.output<typeof authorizedUsersInput>>;
type CategoriesCall = KnownCall<z.output<typeof categoriesInput>>;

export async function addDevelopers(call: DevelopersCall): Changed {
  return addPeople(call, 'developers', call.input.developers);
}

export async function removeDevelopers(call: DevelopersCall): Changed {
  return changeOwnSeries(call, (series) => removeFromList(series, 'developers', call.input.developers));
}

export async function listDevelopers(call: KnownCall<unknown>): Promise<{ developers: readonly string[] }> {
  return { developers: (await findOwnVersion(call, 'list the developers')).series.developers };
}

export async function addAuthorizedUsers(call: UsersCall): Changed {
  return addPeople(call, 'authorizedUsers', call.input.authorizedUsers);
}

export async function removeAuthorizedUsers(call: UsersCall): Changed {
  return changeOwnSeries(call, (series) => removeFromList(series, 'authorizedUsers', call.input.authorizedUsers));
}

export async function listAuthorizedUsers(call: KnownCall<unknown>): Promise<{ authorizedUsers: readonly string[] }> {
  return { authorizedUsers: (await findOwnVersion(call, 'list the authorized users')).series.authorizedUsers };
}

export async function addCategories(call: CategoriesCall): Changed {
  return changeOwnSeries(call, (series) => addToList(series, 'categories', call.input.categories));
}

export async function removeCategories(call: CategoriesCall): Changed {
  return changeOwnSeries(call, (series) => removeFromList(series, 'categories', call.input.categories));
}

export async function listCategories({ context, caller, subject, alias }: KnownCall<unknown>) {
  return { categories: (await findVersion(context, caller, subject, alias)).series.categories };
}

/** Only users that exist can be added. `PUBLIC` can only be an authorized user. */
async function addPeople(call: KnownCall<unknown>, list: SeriesList, people: readonly string[]): Changed {
  await findOwnVersion(call, `call ${call.path}`);
  for (const person of people) {
    if (person === 'PUBLIC' && list === 'authorizedUsers') continue;
    const user = isUserId(person) ? await loadUser(call.context, person) : undefined;
    if (user === undefined)
      throw resourceNotFound(
        person,
        'no user has that id. An entry is "user-" and the name of a user, such as user-ada',
      );
  }
  return changeOwnSeries(call, (series) => addToList(series, list, people));
}
