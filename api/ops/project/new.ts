// /project/new: a project whose creator is its only member (docs/reference/api.md, "New projects").

import type { z } from 'zod';
import { permissionDenied } from '../../../core/error/api-error.ts';
import { given } from '../../../core/given.ts';
import { createProject } from '../../../engine/container/project.ts';
import type { KnownCall } from '../../route.ts';
import type { newProjectInput } from '../../schemas/project.ts';
import { checkMetadata } from '../shared/new-object.ts';
import { refuseForeignStorage, refuseOtherPayer } from './ownership.ts';

/** Clients send no nonce and never retry: every call makes a project. */
export async function newProject({ context, caller, input, rawInput }: KnownCall<z.output<typeof newProjectInput>>) {
  const { name, summary, description, tags, properties, billTo, region, ...settings } = input;
  if (caller.kind === 'job') await checkMayCreate(context, caller);
  checkMetadata({ tags, properties });
  await refuseOtherPayer(context, caller.user, billTo);
  refuseForeignStorage(rawInput);
  const owner = { createdBy: caller.user, billTo: caller.user, ...given({ region: region ?? undefined }) };
  const unique = [...new Set(tags)];
  const id = await createProject(context, { name, summary, description, tags: unique, properties, settings, ...owner });
  return { id };
}

type JobCaller = Extract<KnownCall<unknown>['caller'], { readonly kind: 'job' }>;

/** A job may do this only if its executable asked for it (docs/reference/api.md, "Access of an executable"). */
async function checkMayCreate(context: KnownCall<unknown>['context'], { job }: JobCaller): Promise<void> {
  const spec = (await context.bodies.load(job.pk, 'spec')) as { access?: { projectCreation?: boolean } } | undefined;
  if (spec?.access?.projectCreation === true) return;
  throw permissionDenied('create projects', '"projectCreation" in the access of the executable', 'none');
}
