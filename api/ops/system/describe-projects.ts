// /system/describeProjects: many at once, each described or refused on its own (docs/reference/api.md, "Bulk methods").

import type { z } from 'zod';
import { resourceNotFound } from '../../../core/error/api-error.ts';
import { isPlaceId } from '../../../core/id/identifier.ts';
import { loadLevel } from '../../../engine/access/level.ts';
import type { KnownCall } from '../../route.ts';
import type { describeProjectsInput } from '../../schemas/find.ts';
import { describeContainer } from '../container/describe.ts';
import { describeProject } from '../project/describe.ts';
import { describeMany } from './describe-many.ts';

/** Projects, and containers that /project-xxxx/describe accepts. */
export async function describeProjects(call: KnownCall<z.output<typeof describeProjectsInput>>) {
  const { context, caller, input } = call;
  return describeMany(input.projects, input.classDescribeOptions, async ({ id }, fields) => {
    const level = isPlaceId(id) ? await loadLevel(context, caller, id) : undefined;
    if (!isPlaceId(id) || level === undefined) throw resourceNotFound(id);
    const one = { ...call, subject: id, place: id, level, input: fields };
    return id.startsWith('project-') ? describeProject(one) : describeContainer(one);
  });
}
