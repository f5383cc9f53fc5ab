// /file-xxxx/close: checks and joins the parts within the call. Closing again changes nothing.

import { invalidType } from '../../../core/error/api-error.ts';
import { type FileId, isId } from '../../../core/id/identifier.ts';
import { closeFile as closeParts } from '../../../engine/object/close.ts';
import type { ObjectCall } from '../../route.ts';

export async function closeFile({ context, id }: ObjectCall<unknown>): Promise<{ id: FileId }> {
  if (!isId(id, 'file')) throw invalidType(id, 'a file');
  await closeParts(context, id);
  return { id };
}
