// Shapes of the inputs of executions: run, /job/new, describe, searches (docs/reference/api.md,
// "Running an executable", "Describing a job" and "Finding executions").

import { z } from 'zod';
import type { StageOptions } from '../../core/analysis/plan-analysis.ts';
import { type IdClass, isObjectId, isUserId, parseId } from '../../core/id/identifier.ts';
import { jobStates } from '../../core/job/state.ts';
import type { RunRequest } from '../../core/run/request.ts';
import { classOptions, namePattern, nameTree, propertyTree } from './find.ts';
import { details, folder, isHash, name, nonce, properties, propertyChanges, tag, tags } from './metadata.ts';

const hash = z.custom<Record<string, unknown>>(isHash, 'be a hash');
const ids = z.array(z.string().max(64));
const masks = z.array(z.string().max(256)).max(100).nullish();
const seconds = z.number().int().nonnegative();

/** Common to run and /job/new. core/run checks what depends on the executable. */
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

/** These are kept and shown, and have no effect (core/job/without-effect.ts). */
const shownFields = {
  costLimit: z.number().nonnegative().nullish(),
  rank: z.number().int().min(-1_024).max(1_023).optional(),
  maxTreeSpotWaitTime: seconds.optional(),
  maxJobSpotWaitTime: seconds.optional(),
  detailedJobMetrics: z.boolean().optional(),
  preserveJobOutputs: hash.nullish(),
  singleContext: z.boolean().optional(),
};
const shownFieldNames = Object.keys(shownFields) as (keyof typeof shownFields)[];

export const runInput = newExecution.extend({
  project: z.string().max(64).nullish(),
  folder: folder.nullish(),
  executionPolicy: hash.optional(),
  timeoutPolicyByExecutable: hash.optional(),
  priority: z.enum(['low', 'normal', 'high']).nullish(),
  delayWorkspaceDestruction: z.boolean().optional(),
  ignoreReuse: z.boolean().optional(),
  detach: z.boolean().optional(),
  debug: hash.nullish(),
  allowSSH: masks,
  ...shownFields,
});

const stageIds = z.array(z.string().max(256)).max(1_000);
const byStage = z.record(z.string().max(256), hash).nullish();

export const runWorkflowInput = runInput.extend({
  stageFolders: z.record(z.string().max(256), folder).nullish(),
  stageSystemRequirements: byStage,
  stageExecutionPolicy: byStage,
  /** Outputs of earlier runs are never reused, so every stage runs in any case. */
  rerunStages: stageIds.nullish(),
  ignoreReuse: z.union([z.boolean(), stageIds], 'be a boolean, or an array of stages').optional(),
});

/** The options of stages. Their requirements and policies are checked with those of each stage's run. */
export function toStageOptions(input: z.output<typeof runWorkflowInput>): StageOptions {
  return {
    stageFolders: input.stageFolders ?? {},
    stageSystemRequirements: (input.stageSystemRequirements ?? {}) as StageOptions['stageSystemRequirements'],
    stageExecutionPolicy: (input.stageExecutionPolicy ?? {}) as StageOptions['stageExecutionPolicy'],
    ignoreReuse: typeof input.ignoreReuse === 'boolean' ? (input.ignoreReuse ? ['*'] : []) : input.ignoreReuse,
  };
}

/** The request in the form of the engine: null is the same as absent. */
export function toRunRequest(
  input: Omit<z.output<typeof runInput>, 'ignoreReuse'> & {
    readonly ignoreReuse?: boolean | readonly string[] | undefined;
  },
): RunRequest {
  const shown = shownFieldNames.filter((field) => input[field] !== undefined && input[field] !== null);
  return {
    ...input,
    name: input.name ?? undefined,
    project: input.project ?? undefined,
    priority: input.priority ?? undefined,
    folder: input.folder ?? '/',
    ignoreReuse: typeof input.ignoreReuse === 'boolean' ? input.ignoreReuse : undefined,
    shown: Object.fromEntries(shown.map((field) => [field, input[field]])),
  };
}

const columns = z
  .custom<Record<string, unknown[]>>(
    (value) => isHash(value) && Object.values(value).every((values) => Array.isArray(values)),
    'be a hash of arrays, one for each input that differs from run to run',
  )
  .default({});

/** `files` repeats the links of the values. Only the values count. */
export const validateBatchInput = z.object({
  batchInput: columns,
  commonInput: hash.default({}),
  files: z.array(z.unknown()).optional(),
  instanceTypes: z.array(z.string().max(64)).max(100).default([]),
});

/** It goes into the job row, so it is text that every store holds. */
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

const jobOption = z.union([z.boolean(), describeJobInput], 'be a boolean, or a hash that names fields');
const executionTarget = z.object({ id: z.string(), describe: jobOption.optional() });
/** Shaped like /system/describeDataObjects, because nothing more is known about it. */
export const describeExecutionsInput = z.object({
  executions: z
    .array(z.union([z.string(), executionTarget], 'be an id, or a hash with the "id" to describe'))
    .max(1_000),
  classDescribeOptions: classOptions(jobOption).optional(),
});

export const jobTagsInput = z.object({ tags: z.array(tag).max(1_000), try: attempt.nullish() });
export const jobPropertiesInput = z.object({ properties: propertyChanges, try: attempt.nullish() });
export const updateJobInput = z.object({
  allowSSH: masks,
  try: attempt.nullish(),
});

/**
 * A value that is not an id would find nothing. It is refused, because a name in its place would look like an empty
 * result.
 */
function idOf(...classes: readonly IdClass[]) {
  const message = `be the id of ${classes.map(withArticle).join(' or ')}`;
  return z.string().refine((text) => (classes as readonly unknown[]).includes(parseId(text)?.className), message);
}
function idsOf(...classes: readonly IdClass[]) {
  const id = idOf(...classes);
  return z.union(
    [id, z.array(id).max(1_000)],
    `be the id of ${classes.map(withArticle).join(' or ')}, or an array of at most 1000`,
  );
}
const withArticle = (name: string) => `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;

/** Apps and global workflows have names as well. */
const executable = z
  .string()
  .refine(
    (text) => isObjectId(text) || (/^(app|globalworkflow)-./.test(text) && text.length <= 256),
    'be the id of an applet, app or workflow (a path or a name is resolved by clients)',
  );
const launchedBy = z
  .string()
  .refine((text) => text === 'self' || isUserId(text), 'be "self" or the id of a user, such as "user-ada"');
const stateNames = [...Object.keys(jobStates), 'in_progress', 'partially_failed', 'unresponsive'];
const state = z.enum(stateNames);
const states = z.union([state, z.array(state).max(20)], `be one of ${stateNames.join(', ')}, or an array of such`);
const moment = z.number().int();

export const findExecutionsInput = z.object({
  class: z.enum(['job', 'analysis']).nullish(),
  id: idsOf('job', 'analysis').nullish(),
  launchedBy: launchedBy.nullish(),
  executable: executable.nullish(),
  project: idOf('project', 'container').nullish(),
  state: states.nullish(),
  originJob: idsOf('job', 'analysis').nullish(),
  /** Null: only executions without one. */
  parentJob: idOf('job', 'analysis').nullable().optional(),
  parentAnalysis: idOf('job', 'analysis').nullable().optional(),
  rootExecution: idsOf('job', 'analysis').nullish(),
  name: namePattern.nullish(),
  tags: nameTree.nullish(),
  properties: propertyTree.nullish(),
  /** Milliseconds since 1970; negative ones are relative to now. */
  created: z.object({ after: moment.nullish(), before: moment.nullish() }).nullish(),
  includeSubjobs: z.boolean().default(true),
  includeRestarted: z.boolean().default(false),
  describe: jobOption.nullish(),
  limit: z.number().int().min(1).max(1_000).nullish(),
  starting: z.string().max(128).nullish(),
});
export type FindExecutionsInput = z.output<typeof findExecutionsInput>;
