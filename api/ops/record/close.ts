// /record-xxxx/close: at once. Closing again changes nothing.

import type { ObjectId } from '../../../core/id/identifier.ts';
import { closeObject } from '../../../engine/object/close.ts';
import type { ObjectCall } from '../../route.ts';

export async function closeRecord({ context, id }: ObjectCall<unknown>): Promise<{ id: ObjectId }> {
  await closeObject(context, id);
  return { id };
}
