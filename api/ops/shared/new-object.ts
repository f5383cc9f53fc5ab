// The common part of creating a data object of any class (docs/reference/api.md, "New data objects").

import { joinFolder, parseFolder } from '../../../core/container/folder-path.ts';
import type { Context } from '../../../core/context.ts';
import { folderNotFound, invalidInput, permissionDenied } from '../../../core/error/api-error.ts';
import { deriveId, randomId, randomIdByteCount } from '../../../core/id/derive.ts';
import { type Id, isId, type ObjectClass, type PlaceId } from '../../../core/id/identifier.ts';
import { callerScope, type KnownCaller } from '../../../core/identity/caller.ts';
import { requestDigest } from '../../../core/object/digest.ts';
import { findDetailLinks } from '../../../core/object/link.ts';
import { metadataProblem } from '../../../core/object/metadata.ts';
import type { CreatedBy } from '../../../core/row/objects.ts';
import { ensureFolder, enterFolder, refusalOf, type Target } from '../../../engine/container/enter-folder.ts';
import { loadProject } from '../../../engine/container/project.ts';
import { createObject, type NewObject, wasCreated } from '../../../engine/object/create.ts';
import { removeObjects } from '../../../engine/removal/object.ts';
import type { PlaceCall } from '../../route.ts';
import type { NewObjectInput } from '../../schemas/object.ts';

/** Fields that the class decides. */
export type OwnFields = Pick<NewObject, 'state'> &
  Partial<Pick<NewObject, 'links' | 'media' | 'spec' | 'stageLinks' | 'editVersion'>>;

/**
 * Creates the object that a `/<class>/new` call asks for, once for each nonce. `prepare` is asked for the fields of the
 * class only when the object is not there yet.
 */
export async function newObject<Class extends ObjectClass>(
  call: PlaceCall<NewObjectInput>,
  className: Class,
  prepare: (id: Id<Class>) => Promise<OwnFields> | OwnFields,
): Promise<{ id: Id<Class> }> {
  const { context, caller, input, place, path, rawInput } = call;
  const id = newId(context, caller, className, path, input.nonce);
  const digest = requestDigest(rawInput);
  if (await wasCreated(context, id as NewObject['id'], digest)) return { id };
  const { links, problems } = findDetailLinks(input.details);
  if (problems.length > 0)
    throw invalidInput(problems.map((problem) => `expected key "details" of input to have ${problem}`));
  checkMetadata(input);
  // All refusals come before anything is made: a missing folder is refused before bundles are placed, and bundles
  // before folders are made.
  const there = input.parents ? undefined : await targetFolder(context, place, input.folder, false);
  const own = await prepare(id);
  const target = there ?? (await targetFolder(context, place, input.folder, true));
  await createObject(context, {
    ...own,
    id: id as NewObject['id'],
    place,
    folderId: target.folderId,
    name: input.name ?? id,
    tags: [...new Set(input.tags)],
    types: [...new Set(input.types)],
    properties: input.properties,
    hidden: input.hidden,
    details: input.details,
    links: [...new Set([...links, ...(own.links ?? [])])],
    createdBy: createdBy(caller),
    digest,
  });
  const refusal = await refusalOf(context, target);
  if (refusal === undefined) return { id };
  await removeObjects(context, place, [id as NewObject['id']]);
  throw refusal;
}

/** Refuses metadata that a row could not hold. */
export function checkMetadata(given: Partial<Pick<NewObjectInput, 'tags' | 'properties' | 'types'>>): void {
  const problems = (['tags', 'properties', 'types'] as const).flatMap(
    (what) => metadataProblem(given[what] ?? [], what) ?? [],
  );
  if (problems.length > 0) throw invalidInput(problems);
}

/** The id for a nonce, or a new one. */
function newId<Class extends ObjectClass>(
  context: Context,
  caller: KnownCaller,
  className: Class,
  path: string,
  nonce: string | null | undefined,
): Id<Class> {
  if (nonce === null || nonce === undefined) return randomId(className, context.random(randomIdByteCount));
  return deriveId(className, callerScope(caller), path, nonce);
}

/** A project may forbid uploads from outside (docs/reference/api.md, "Project flags"). */
export async function refuseExternalUpload(call: PlaceCall<unknown>): Promise<void> {
  const { context, caller, place } = call;
  if (caller.kind === 'job' || !isId(place, 'project')) return;
  const project = await loadProject(context, place);
  if (project?.settings.externalUploadRestricted === true) {
    throw permissionDenied(`upload into ${place}, which is externalUploadRestricted`, 'a job’s token', 'a user’s');
  }
}

async function targetFolder(context: Context, place: PlaceId, path: string, parents: boolean): Promise<Target> {
  const parsed = parseFolder(path);
  if ('problem' in parsed) throw invalidInput(`expected key "folder" of input to ${parsed.problem}`);
  if (parents) return ensureFolder(context, place, parsed.names);
  const target = await enterFolder(context, place, parsed.names);
  if (target !== undefined) return target;
  throw folderNotFound(joinFolder(parsed.names), place, 'create it first, or set "parents" (-p)');
}

function createdBy(caller: KnownCaller): CreatedBy {
  if (caller.kind === 'user') return { user: caller.user };
  return { user: caller.user, job: caller.job.pk, executable: caller.job.executable };
}
