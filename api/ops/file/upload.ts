// /file-xxxx/upload: a URL for the upload of one part (docs/reference/api.md, "File upload").

import type { z } from 'zod';
import { invalidState, invalidType } from '../../../core/error/api-error.ts';
import { isId } from '../../../core/id/identifier.ts';
import { refusalInState } from '../../../core/object/state.ts';
import { announcePart } from '../../../engine/object/upload.ts';
import type { ObjectCall } from '../../route.ts';
import type { uploadInput } from '../../schemas/object.ts';

export async function uploadPart({ context, id, object, input }: ObjectCall<z.output<typeof uploadInput>>) {
  if (!isId(id, 'file')) throw invalidType(id, 'a file');
  const refusal = refusalInState(id, 'upload', object.row.state);
  if (refusal !== undefined) throw invalidState(refusal);
  return announcePart(context, id, object.row, input);
}
