// The shape of the fields to describe: `fields`, `defaultFields`, and the older switches at the top
// (docs/reference/api.md, "Describing data objects").

import { z } from 'zod';
import { isHash, project } from './metadata.ts';

const switches = z
  .custom<Record<string, unknown>>(isHash, 'be a hash')
  .refine((fields) => Object.keys(fields).length <= maximumFieldCount, 'have at most 200 keys')
  .refine((fields) => Object.values(fields).every((wanted) => typeof wanted === 'boolean'), 'have booleans as values')
  .transform((fields) => fields as Record<string, boolean>);

export const describeInput = z.object({
  fields: switches.optional(),
  defaultFields: z.boolean().optional(),
  project: project.nullish(),
  properties: z.boolean().optional(),
  details: z.boolean().optional(),
  parts: z.boolean().optional(),
  folders: z.boolean().optional(),
  permissions: z.boolean().optional(),
  objects: z.boolean().optional(),
  appCaches: z.boolean().optional(),
});
export type DescribeInput = z.output<typeof describeInput>;

/** The form in searches and lists: `true` means the default fields. */
export const describeOption = z.union([z.boolean(), describeInput], 'be a boolean, or a hash that names fields');
export type DescribeOption = z.output<typeof describeOption>;

const maximumFieldCount = 200;
