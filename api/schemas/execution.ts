// Shapes of the inputs of executions: run, /job/new, describe, searches (dx-api.md §4, §5, §7.3).

import { z } from 'zod';
import { namePattern, nameTree, propertyTree } from './find.ts';
import { details, folder, isHash, name, nonce, properties, propertyChanges, tag, tags } from './metadata.ts';

const hash = z.custom<Record<string, unknown>>(isHash, 'be a hash');
const ids = z.array(z.string().max(64));
const seconds = z.number().int().nonnegative();

/** Common to run and /job/new. What the executable decides on is checked by core/run. */
const newExecution = z.object({
  input: hash,
  name: name.nullish(),
  tags: tags.default([]),
  properties: properties.default({}),
  details: details.default({}),
  dependsOn: ids.default([]),
  systemRequirements: hash.optional(),
  systemRequirementsByExecutable: hash.optional(),
  headJobOnDemand: z.boolean().optional(),
  nonce: nonce.nullish(),
});

/** Kept and shown; they have no effect yet. */
const shownFields = {
  allowSSH: z.array(z.string().max(256)).max(100).optional(),
  debug: hash.optional(),
  costLimit: z.number().nonnegative().nullish(),
  rank: z.number().int().optional(),
  maxTreeSpotWaitTime: seconds.optional(),
  maxJobSpotWaitTime: seconds.optional(),
  detailedJobMetrics: z.boolean().optional(),
  preserveJobOutputs: hash.nullish(),
  singleContext: z.boolean().optional(),
};
export const shownFieldNames = Object.keys(shownFields) as (keyof typeof shownFields)[];

export const runInput = newExecution.extend({
  project: z.string().max(64).nullish(),
  folder: folder.nullish(),
  executionPolicy: hash.optional(),
  timeoutPolicyByExecutable: hash.optional(),
  priority: z.enum(['low', 'normal', 'high']).nullish(),
  delayWorkspaceDestruction: z.boolean().optional(),
  ignoreReuse: z.boolean().optional(),
  detach: z.boolean().optional(),
  ...shownFields,
});

const columns = z
  .custom<Record<string, unknown[]>>(
    (value) => isHash(value) && Object.values(value).every((values) => Array.isArray(values)),
    'be a hash of arrays, one for each input that differs from run to run',
  )
  .default({});

/** `files` repeats the links of the values: those are what counts. */
export const validateBatchInput = z.object({
  batchInput: columns,
  commonInput: hash.default({}),
  files: z.array(z.unknown()).optional(),
  instanceTypes: z.array(z.string().max(64)).max(100).default([]),
});

/** Goes into the job row: text that every store holds. */
const entryPoint = z
  .string()
  .max(255)
  .refine((text) => /^[^\x00-\x1f]+$/.test(text) && text.isWellFormed(), 'be the name of an entry point');

export const newJobInput = newExecution.extend({ function: entryPoint });

const fieldSwitches = z
  .custom<Record<string, unknown>>(isHash, 'be a hash')
  .refine((fields) => Object.keys(fields).length <= 300, 'have at most 300 keys')
  .refine((fields) => Object.values(fields).every((wanted) => typeof wanted === 'boolean'), 'have booleans as values')
  .transform((fields) => fields as Record<string, boolean>);
const attempt = z.number().int().nonnegative();

export const describeJobInput = z.object({
  fields: fieldSwitches.optional(),
  defaultFields: z.boolean().optional(),
  io: z.boolean().optional(),
  try: attempt.nullish(),
});
export type DescribeJobInput = z.output<typeof describeJobInput>;

export const jobTagsInput = z.object({ tags: z.array(tag).max(1_000), try: attempt.nullish() });
export const jobPropertiesInput = z.object({ properties: propertyChanges, try: attempt.nullish() });
export const updateJobInput = z.object({
  allowSSH: z.array(z.string().max(256)).max(100).optional(),
  try: attempt.nullish(),
});
export const noInput = z.object({});

const idOrIds = z.union([z.string().max(64), z.array(z.string().max(64)).max(1_000)]);
const moment = z.number().int();

export const findExecutionsInput = z.object({
  class: z.enum(['job', 'analysis']).nullish(),
  id: idOrIds.nullish(),
  launchedBy: z.string().max(80).nullish(),
  executable: z.string().max(64).nullish(),
  project: z.string().max(64).nullish(),
  state: z.union([z.string().max(64), z.array(z.string().max(64)).max(20)]).nullish(),
  originJob: idOrIds.nullish(),
  /** Null: only executions without one. */
  parentJob: z.string().max(64).nullable().optional(),
  parentAnalysis: z.string().max(64).nullable().optional(),
  rootExecution: idOrIds.nullish(),
  name: namePattern.nullish(),
  tags: nameTree.nullish(),
  properties: propertyTree.nullish(),
  /** Milliseconds since 1970; negative ones are relative to now. */
  created: z.object({ after: moment.nullish(), before: moment.nullish() }).nullish(),
  includeSubjobs: z.boolean().default(true),
  includeRestarted: z.boolean().default(false),
  describe: z.union([z.boolean(), describeJobInput]).nullish(),
  limit: z.number().int().min(1).max(1_000).nullish(),
  starting: z.string().max(128).nullish(),
});
export type FindExecutionsInput = z.output<typeof findExecutionsInput>;
