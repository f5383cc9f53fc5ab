// /project-xxxx/addTags, removeTags and setProperties: like those of objects, for the project itself.

import type { z } from 'zod';
import type { Value } from '../../../core/context.ts';
import { resourceNotFound } from '../../../core/error/api-error.ts';
import { isId } from '../../../core/id/identifier.ts';
import { addToSet, changeProperties } from '../../../core/object/metadata.ts';
import { type Project, updateProject } from '../../../engine/container/project.ts';
import type { PlaceCall } from '../../route.ts';
import type { propertiesInput, tagsInput } from '../../schemas/object.ts';
import { allowed } from '../shared/allowed.ts';

export async function addProjectTags(call: PlaceCall<z.output<typeof tagsInput>>) {
  return change(call, ({ tags }) => ({ tags: allowed(addToSet(tags, call.input.tags)) }));
}

export async function removeProjectTags(call: PlaceCall<z.output<typeof tagsInput>>) {
  return change(call, ({ tags }) => ({ tags: tags.filter((tag) => !call.input.tags.includes(tag)) }));
}

export async function setProjectProperties(call: PlaceCall<z.output<typeof propertiesInput>>) {
  return change(call, ({ properties }) => ({
    properties: { ...allowed(changeProperties(properties, call.input.properties)) },
  }));
}

async function change({ context, place }: PlaceCall<unknown>, how: (project: Project) => { [name: string]: Value }) {
  if (!isId(place, 'project')) throw resourceNotFound(place);
  if ((await updateProject(context, place, how)) === undefined) throw resourceNotFound(place);
  return { id: place };
}
