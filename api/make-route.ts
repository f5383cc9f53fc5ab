// Makes the rows of the table of routes. Each row knows how its own requests are checked and answered.

import type { z } from 'zod';
import { invalidInput } from '../core/error/api-error.ts';
import { exceedsDepth, hasBrokenText, hasEndlessNumber, maximumDepth } from '../core/reference/value.ts';
import { requireLauncher } from '../engine/job/auth-error.ts';
import { authorise, identify } from './authorise.ts';
import type { Access, AccessKind, Call, Route } from './route.ts';
import { problemsOf } from './schemas/problem.ts';

/** A row of the table, whose function fits its schema and its access rule. */
export function route<Schema extends z.ZodType, Kind extends AccessKind>(
  path: string,
  schema: Schema,
  access: Access<Kind> & Access,
  run: (call: Call<Kind, z.output<Schema>>) => Promise<unknown>,
): Route {
  return {
    path,
    schema,
    access,
    async answer(request, caller) {
      identify(path, access.kind, caller);
      if (caller.kind === 'job' && access.kind !== 'anyone') await requireLauncher(request.context, caller.job);
      const input = checkShape(schema, request.rawInput);
      return run(await authorise<Kind, z.output<Schema>>(access, { ...request, input }, caller, path));
    },
  };
}

function checkShape<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  if (exceedsDepth(input)) throw invalidInput(`expected input to nest at most ${maximumDepth} levels`);
  if (hasBrokenText(input))
    throw invalidInput('expected input to be well-formed Unicode: it has half of a surrogate pair');
  if (hasEndlessNumber(input)) throw invalidInput('expected input to have only numbers below 1.8e308');
  const result = schema.safeParse(input, { reportInput: true });
  if (!result.success) throw invalidInput(problemsOf(result.error));
  return result.data;
}
