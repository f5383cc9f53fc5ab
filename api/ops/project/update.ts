// /project-xxxx/update: name, texts and settings. `version` locks optimistically (docs/reference/api.md, "Project
// methods").

import type { z } from 'zod';
import type { Value } from '../../../core/context.ts';
import { invalidInput, invalidState, resourceNotFound } from '../../../core/error/api-error.ts';
import { given } from '../../../core/given.ts';
import { isId } from '../../../core/id/identifier.ts';
import { loadProject, type Project, updateProject as saveProject } from '../../../engine/container/project.ts';
import type { PlaceCall } from '../../route.ts';
import { projectSettings, type updateProjectInput } from '../../schemas/project.ts';
import { refuseForeignStorage, refuseOtherPayer } from './ownership.ts';

export async function updateProject(call: PlaceCall<z.output<typeof updateProjectInput>>) {
  const { context, caller, place, input } = call;
  refuseForeignStorage(call.rawInput);
  if (!isId(place, 'project')) throw resourceNotFound(place);
  const { name, summary, description, billTo, version, ...changes } = input;
  await refuseOtherPayer(context, caller.user, billTo);
  // Null is the empty text. A text that is not given stays.
  const texts = given({
    name,
    summary: summary === null ? '' : summary,
    description: description === null ? '' : description,
  });
  const saved = await saveProject(
    context,
    place,
    (project) => ({ ...texts, settings: changedSettings(project, changes) }),
    version,
  );
  if (saved !== undefined) return { id: place };
  const current = await loadProject(context, place);
  if (current === undefined) throw resourceNotFound(place);
  throw invalidState(`${place} is at version ${current.version} now: describe it and try again with that "version"`);
}

function changedSettings(project: Project, changes: Record<string, unknown>): { [name: string]: Value } {
  const settings: { [name: string]: Value } = { ...project.settings };
  for (const [key, schema] of Object.entries(projectSettings)) {
    const value = changes[key];
    if (value !== undefined) settings[key] = (value === null ? schema.parse(undefined) : value) as Value;
  }
  if (settings.downloadRestricted === false && settings.restricted === true && changes.downloadRestricted === false) {
    throw invalidInput('expected key "downloadRestricted" of input to stay true while "restricted" is true');
  }
  if (changes.downloadRestricted === true) settings.previewViewerRestricted = true;
  return settings;
}
