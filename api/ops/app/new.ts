// /app/new and /globalworkflow/new: a version of a name, from an applet or a workflow in each region (docs/reference/api.md,
// "Apps" and "Global workflows"). Unknown keys are ignored, because `dx build` sends everything that it has.

import type { z } from 'zod';
import { checkName, checkRequest } from '../../../core/app/check-request.ts';
import { baseOfApplet, baseOfWorkflow, completeContents, updateContents } from '../../../core/app/complete.ts';
import { type Edition, type PublishedClass, publishedClasses } from '../../../core/app/version.ts';
import { invalidInput } from '../../../core/error/api-error.ts';
import type { AppletSpec } from '../../../core/executable/applet.ts';
import { deriveId, randomId, randomIdByteCount } from '../../../core/id/derive.ts';
import { isId, type PublishedId } from '../../../core/id/identifier.ts';
import { callerScope } from '../../../core/identity/caller.ts';
import { requestDigest } from '../../../core/object/digest.ts';
import type { Hash } from '../../../core/reference/value.ts';
import type { WorkflowSpec } from '../../../core/workflow/workflow.ts';
import { createSight, type Sight } from '../../../engine/access/sight.ts';
import { createVersion, wasBorn } from '../../../engine/app/birth.ts';
import { type FoundSource, fillResources, findSources } from '../../../engine/app/resources.ts';
import type { KnownCall } from '../../route.ts';
import type { newVersionInput } from '../../schemas/app.ts';
import { readBillTo, requireDeveloperAccess } from './developer.ts';
import { loadBeginning } from './initialize-from.ts';

type NewCall = KnownCall<z.output<typeof newVersionInput>>;

export async function newVersion(call: NewCall): Promise<{ id: PublishedId }> {
  const { context, caller, input, rawInput } = call;
  const className = classOf(call.subject);
  await requireDeveloperAccess(call);
  const id = newId(call, className);
  const digest = requestDigest(rawInput);
  if (await wasBorn(context, id, digest)) return { id };
  const begun = input.initializeFrom == null ? undefined : await loadBeginning(call, className, input.initializeFrom);
  const { version } = input;
  const name = input.name ?? begun?.name ?? '';
  const checked = checkRequest(className, rawInput as Hash);
  const problems = [...checkName(name, version), ...('problems' in checked ? checked.problems : [])];
  if ('problems' in checked || problems.length > 0) throw invalidInput(problems);
  const { own } = checked;
  const sources = checked.sources.size === 0 && begun !== undefined ? begun.sources : checked.sources;
  if (sources.size === 0) throw invalidInput('give the executable, or one for each region in "regionalOptions"');
  const sight = createSight(context, caller);
  const found = await findSources(sight, sources);
  const base = baseOf(found);
  const contents = begun === undefined ? completeContents(base, own) : updateContents(begun.contents, own);
  const { title, openSource, body } = contents;
  const now = context.now();
  const facts = {
    ...{ name, version, title, openSource, billTo: readBillTo(call, own.billTo) },
    ...{ createdBy: caller.user, created: now, modified: now, revision: 0, digest },
  };
  const claim = { className, name, version, id, user: caller.user };
  await createVersion(context, { ...claim, facts, body }, () => fillEditions(sight, id, found));
  return { id };
}

/**
 * The fields that a version takes from its executable.
 *
 * @throws ApiError InvalidInput for an applet without specifications: apps must have both
 */
export function baseOf([first]: readonly FoundSource[]) {
  if (first === undefined) throw invalidInput('expected at least one region');
  const { executable, object } = first;
  if (isId(executable, 'workflow')) return baseOfWorkflow(object.spec as WorkflowSpec);
  const spec = object.spec as AppletSpec;
  const missing = (['inputSpec', 'outputSpec'] as const).filter((field) => spec[field] === undefined);
  if (missing.length > 0)
    throw invalidInput(`"${executable}" must have an ${missing.join(' and an ')} to become an app`);
  return baseOfApplet(spec);
}

/** Copies the executable of each region with what it needs. */
export async function fillEditions(sight: Sight, id: PublishedId, sources: readonly FoundSource[]) {
  const editions: [string, Edition][] = [];
  for (const source of sources) editions.push([source.region, await fillResources(sight, id, source)]);
  return Object.fromEntries(editions);
}

function classOf(subject: string): PublishedClass {
  const found = publishedClasses.find((className) => className === subject);
  if (found === undefined) throw new Error(`${subject} is not a class of published executables`);
  return found;
}

function newId({ context, caller, input, path }: NewCall, className: PublishedClass): PublishedId {
  const { nonce } = input;
  if (nonce == null) return randomId(className, context.random(randomIdByteCount));
  return deriveId(className, callerScope(caller), path, nonce);
}
