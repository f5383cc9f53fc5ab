// /<object>/setDetails: the body is the details (docs/reference/api.md, "Metadata of data objects").

import type { z } from 'zod';
import { invalidInput, invalidState } from '../../../core/error/api-error.ts';
import { findDetailLinks } from '../../../core/object/link.ts';
import { refusalInState } from '../../../core/object/state.ts';
import { setDetails as saveDetails } from '../../../engine/object/content.ts';
import type { ObjectCall } from '../../route.ts';
import type { details } from '../../schemas/metadata.ts';

export async function setDetails({ context, id, object, input }: ObjectCall<z.output<typeof details>>) {
  const refusal = refusalInState(id, 'setDetails', object.row.state);
  if (refusal !== undefined) throw invalidState(refusal);
  const { links, problems } = findDetailLinks(input);
  if (problems.length > 0) throw invalidInput(problems.map((problem) => `expected input to have ${problem}`));
  await saveDetails(context, object, input, links);
  return { id };
}
