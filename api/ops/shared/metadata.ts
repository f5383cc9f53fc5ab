// /<object>/rename, addTags, removeTags, setProperties, addTypes, removeTypes, setVisibility, getDetails and setDetails
// (docs/reference/api.md, "Metadata of data objects"). Name, tags and properties belong to one place. Types, visibility
// and details belong to the object everywhere, and change only while it is open.

import type { z } from 'zod';
import { invalidInput, invalidState } from '../../../core/error/api-error.ts';
import { findDetailLinks } from '../../../core/object/link.ts';
import { addToSet, changeProperties } from '../../../core/object/metadata.ts';
import { refusalInState } from '../../../core/object/state.ts';
import {
  changeTypes,
  setDetails as saveDetails,
  setVisibility as saveVisibility,
} from '../../../engine/object/content.ts';
import { changePlacement } from '../../../engine/placement/placement.ts';
import type { ObjectCall } from '../../route.ts';
import type { details } from '../../schemas/metadata.ts';
import type { propertiesInput, renameInput, tagsInput, typesInput, visibilityInput } from '../../schemas/object.ts';
import { allowed } from './allowed.ts';

export async function rename({ context, id, place, input }: ObjectCall<z.output<typeof renameInput>>) {
  await changePlacement(context, id, place, () => ({ name: input.name }));
  return { id };
}

export async function addTags({ context, id, place, input }: ObjectCall<z.output<typeof tagsInput>>) {
  await changePlacement(context, id, place, ({ tags }) => ({ tags: allowed(addToSet(tags, input.tags)) }));
  return { id };
}

/** Tags that do not exist are not an error. */
export async function removeTags({ context, id, place, input }: ObjectCall<z.output<typeof tagsInput>>) {
  await changePlacement(context, id, place, ({ tags }) => ({ tags: tags.filter((tag) => !input.tags.includes(tag)) }));
  return { id };
}

/** Null removes a property. Properties that are not named stay. */
export async function setProperties({ context, id, place, input }: ObjectCall<z.output<typeof propertiesInput>>) {
  await changePlacement(context, id, place, ({ properties }) => ({
    properties: allowed(changeProperties(properties, input.properties)),
  }));
  return { id };
}

export async function addTypes({ context, id, object, input }: ObjectCall<z.output<typeof typesInput>>) {
  await changeTypes(context, object, 'addTypes', input.types);
  return { id };
}

export async function removeTypes({ context, id, object, input }: ObjectCall<z.output<typeof typesInput>>) {
  await changeTypes(context, object, 'removeTypes', input.types);
  return { id };
}

export async function setVisibility({ context, id, object, input }: ObjectCall<z.output<typeof visibilityInput>>) {
  await saveVisibility(context, object, input.hidden);
  return { id };
}

/** Answers the details themselves, which may be an array. */
export async function getDetails({ object }: ObjectCall<unknown>): Promise<unknown> {
  return object.details ?? {};
}

/** The body of the request is the details. */
export async function setDetails({ context, id, object, input }: ObjectCall<z.output<typeof details>>) {
  const refusal = refusalInState(id, 'setDetails', object.row.state);
  if (refusal !== undefined) throw invalidState(refusal);
  const { links, problems } = findDetailLinks(input);
  if (problems.length > 0) throw invalidInput(problems.map((problem) => `expected input to have ${problem}`));
  await saveDetails(context, object, input, links);
  return { id };
}
