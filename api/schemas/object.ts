// Shapes of the inputs of data objects (docs/reference/api.md, "New data objects" and "Applets").

import { z } from 'zod';
import { fileUploadParameters } from '../../core/container/upload-parameters.ts';
import {
  details,
  folder,
  name,
  nonce,
  project,
  properties,
  propertyChanges,
  shortText,
  tags,
  types,
} from './metadata.ts';

/** The fields that every `/<class>/new` takes. */
export const newObjectInput = z.object({
  project,
  name: name.nullish(),
  folder: folder.default('/'),
  parents: z.boolean().default(false),
  tags: tags.default([]),
  types: types.default([]),
  hidden: z.boolean().default(false),
  properties: properties.default({}),
  details: details.default({}),
  nonce: nonce.nullish(),
});
export type NewObjectInput = z.output<typeof newObjectInput>;

export const newFileInput = newObjectInput.extend({ media: shortText.nullish() });

const anything = z.unknown().optional();
const runSpec = z.custom<unknown>((value) => value !== undefined, 'be a hash with "interpreter" and "code"');
/** core/executable checks the parts of an applet as a whole. Only their names are here. */
export const newAppletInput = newObjectInput.extend({
  ...{ runSpec, inputSpec: anything, outputSpec: anything, dxapi: anything, access: anything },
  ...{ title: anything, summary: anything, description: anything, developerNotes: anything, ignoreReuse: anything },
  ...{ treeTurnaroundTimeThreshold: anything, httpsApp: anything },
});

/** Fields that are left out are taken from `initializeFrom`, so none has a default here. */
export const newRecordInput = newObjectInput.extend({
  close: z.boolean().default(false),
  initializeFrom: z.object({ id: z.string(), project: project.nullish() }).nullish(),
  tags: tags.optional(),
  types: types.optional(),
  hidden: z.boolean().optional(),
  properties: properties.optional(),
  details: details.optional(),
});

export const inPlaceInput = z.object({ project: project.nullish() });
/** Where no input is needed, only the syntax of the body is checked (docs/reference/api.md, "Requests"). */
export const emptyInput = z
  .unknown()
  .describe('none')
  .transform(() => ({}));
export const renameInput = inPlaceInput.extend({ name });
export const tagsInput = inPlaceInput.extend({ tags });
export const propertiesInput = inPlaceInput.extend({ properties: propertyChanges });
export const typesInput = z.object({ types });
export const visibilityInput = z.object({ hidden: z.boolean() });

export const uploadInput = z.object({
  index: z.number().int().min(1).max(fileUploadParameters.maximumNumParts).default(1),
  size: z.number().int().min(0).max(fileUploadParameters.maximumPartSize),
  md5: z
    .string()
    .refine((text) => /^[0-9a-fA-F]{32}$/.test(text), 'be the MD5 of the part in hex')
    .transform((text) => text.toLowerCase()),
});

export const downloadInput = inPlaceInput.extend({
  preauthenticated: z.boolean().default(false),
  /** Seconds; at most 30 days. */
  duration: z.number().int().min(1).max(2_592_000).nullish(),
  filename: name.nullish(),
  stickyIP: z.boolean().nullish(),
});
