// /file/new: an open file without parts.

import type { z } from 'zod';
import type { PlaceCall } from '../../route.ts';
import type { newFileInput } from '../../schemas/object.ts';
import { newObject, refuseExternalUpload } from '../shared/new-object.ts';

export async function newFile(call: PlaceCall<z.output<typeof newFileInput>>) {
  return newObject(call, 'file', async () => {
    await refuseExternalUpload(call);
    return { state: 'open', ...(call.input.media ? { media: call.input.media } : {}) };
  });
}
