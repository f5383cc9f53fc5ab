// Shapes of the inputs of apps and global workflows (docs/reference/api.md, "Apps"). core/app checks a version as a whole.

import { z } from 'zod';
import { nonce, tags } from './metadata.ts';

const anything = z.unknown().optional();
/** Only their names are here. */
const ownFields = {
  ...{ title: anything, summary: anything, description: anything, developerNotes: anything, dxapi: anything },
  ...{ details: anything, access: anything, openSource: anything, billTo: anything, ignoreReuse: anything },
  ...{ treeTurnaroundTimeThreshold: anything, httpsApp: anything, lineItemPerTest: anything },
  ...{ applet: anything, resources: anything, regionalOptions: anything },
};
export const newVersionInput = z.object({
  name: z.string().nullish(),
  version: z.string(),
  initializeFrom: z
    .union([z.string(), z.object({ id: z.string() })], 'be an id, or a hash with "id"')
    .transform((from) => (typeof from === 'string' ? from : from.id))
    .nullish(),
  ...ownFields,
  nonce: nonce.nullish(),
});
export const updateVersionInput = z.object(ownFields);
export const publishInput = z.object({ makeDefault: z.boolean().default(false) });
export const aliasesInput = z.object({ tags });

const person = z.string().max(100);
const people = z.array(person).max(1_000);
export const developersInput = z.object({ developers: people });
export const authorizedUsersInput = z.object({ authorizedUsers: people });
const category = z.string().max(100);
export const categoriesInput = z.object({ categories: z.array(category).max(100) });
