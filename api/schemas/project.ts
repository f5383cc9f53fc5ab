// Shapes of the inputs of projects (docs/reference/api.md, "New projects" to "Project methods").

import { z } from 'zod';
import { isLevel, type Level, levels } from '../../core/access/level.ts';
import { isRegion, regionForm } from '../../core/container/region.ts';
import { parseId } from '../../core/id/identifier.ts';
import { findInstanceType } from '../../core/instance/instance-types.ts';
import { amount, isHash, longText, name, properties, shortText, tags } from './metadata.ts';

const executable = z
  .string()
  .refine((text) => ['applet', 'app', 'workflow', 'globalworkflow'].includes(parseId(text)?.className ?? ''), {
    error: 'be the id of an applet, app or workflow',
  });
const instanceType = z.string().refine((name) => findInstanceType(name) !== undefined, {
  error: 'be the name of an instance type, such as mem1_ssd1_v2_x4',
});

/** The settings of a project by their names on the wire, with their defaults. */
export const projectSettings = {
  protected: z.boolean().default(false),
  restricted: z.boolean().default(false),
  downloadRestricted: z.boolean().default(false),
  externalUploadRestricted: z.boolean().default(false),
  databaseUIViewOnly: z.boolean().default(false),
  databaseResultsRestricted: z.number().int().min(2).nullable().default(null),
  containsPHI: z.boolean().default(false),
  previewViewerRestricted: z.boolean().default(false),
  destroyProtected: z.boolean().default(false),
  allowedExecutables: z.array(executable).max(1_000).nullable().default(null),
  defaultInstanceType: instanceType.nullable().default(null),
  monthlyComputeLimit: amount.nullable().default(null),
  monthlyEgressBytesLimit: amount.nullable().default(null),
  monthlyStorageLimit: amount.nullable().default(null),
} as const;

export const newProjectInput = z.object({
  name,
  summary: shortText.default(''),
  description: longText.default(''),
  tags: tags.default([]),
  properties: properties.default({}),
  billTo: z.string().max(80).nullish(),
  region: z.string().refine(isRegion, { error: regionForm }).nullish(),
  ...projectSettings,
});

/** `null` sets a setting back to its default. */
export const updateProjectInput = z.object({
  name: name.optional(),
  summary: shortText.nullish(),
  description: longText.nullish(),
  billTo: z.string().max(80).nullish(),
  version: z.number().int().optional(),
  ...(Object.fromEntries(
    Object.entries(projectSettings).map(([key, schema]): [string, z.ZodType] => [key, schema.unwrap().nullish()]),
  ) as {
    [Name in keyof typeof projectSettings]: z.ZodType<z.input<(typeof projectSettings)[Name]> | null>;
  }),
});

export const destroyProjectInput = z.object({ terminateJobs: z.boolean().default(false) });

export const inviteInput = z.object({
  invitee: z.string().min(1).max(320),
  level: z.enum(levels),
  suppressEmailNotification: z.boolean().optional(),
});

/** Members whose level is lowered in one step: DynamoDB changes 100 rows at once. */
const maximumLoweredCount = 99;

/** Member → their new level. Null or NONE ends the membership. */
export const decreasePermissionsInput = z
  .custom<Record<string, Level | null>>(
    (value) => isHash(value) && Object.values(value).every((level) => level === null || isLevel(level)),
    `be a hash of users and levels: null or one of ${levels.join(', ')}`,
  )
  .refine((value) => Object.keys(value).length <= maximumLoweredCount, `have at most ${maximumLoweredCount} keys`)
  .describe('a hash of users, and `PUBLIC`, to levels or null');
