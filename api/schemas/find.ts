// Shapes of searches (docs/reference/api.md, "Search conventions").

import { z } from 'zod';
import { levels } from '../../core/access/level.ts';
import { objectClasses } from '../../core/id/identifier.ts';
import type { BooleanTree, PropertyLeaf } from '../../core/pattern/boolean-tree.ts';
import { describeOption } from './describe.ts';
import { folderPath } from './folder.ts';
import { isHash, project } from './metadata.ts';

/** A page of results. Clients begin with 100 and go up to 1000. */
const limit = z.number().int().min(1).max(1_000).default(1_000);
export const namePattern = z.union(
  [z.string(), z.object({ glob: z.string() }), z.object({ regexp: z.string(), flags: z.string().optional() })],
  'be a string, {"glob": "…"} or {"regexp": "…"}',
);
const textOrTexts = z.union([z.string(), z.array(z.string()).max(1_000)], 'be a string or an array of at most 1000');
/** Negative times count back from now (docs/reference/api.md, "Requests"). */
const timeRange = z.object({ after: z.number().optional(), before: z.number().optional() });

const maximumTreeSize = 1_000;
/** A tree of `$and` and `$or` over leaves. It is checked by hand, because it nests. */
function tree<Leaf>(isLeaf: (value: unknown) => boolean, wanted: string) {
  return z.custom<BooleanTree<Leaf>>((value) => {
    let left = maximumTreeSize;
    const check = (inner: unknown): boolean => {
      if (--left < 0) return false;
      for (const key of ['$and', '$or']) {
        if (isHash(inner) && Object.hasOwn(inner, key)) {
          const items = inner[key];
          return Object.keys(inner).length === 1 && Array.isArray(items) && items.every(check);
        }
      }
      return isLeaf(inner);
    };
    return check(value);
  }, wanted);
}
export const nameTree = tree<string>(
  (value) => typeof value === 'string',
  'be a string, or {"$and": […]} or {"$or": […]} of such',
);
export const propertyTree = tree<PropertyLeaf>(
  (value) => isHash(value) && Object.values(value).every((one) => typeof one === 'string' || typeof one === 'boolean'),
  'be a hash of strings and booleans, or {"$and": […]} or {"$or": […]} of such',
);

export const findDataObjectsInput = z.object({
  class: z.enum([...objectClasses, 'database']).optional(),
  state: z.enum(['open', 'closing', 'closed', 'any']).default('any'),
  visibility: z.enum(['hidden', 'visible', 'either']).default('visible'),
  name: namePattern.optional(),
  id: textOrTexts.optional(),
  type: nameTree.optional(),
  tag: nameTree.optional(),
  tags: nameTree.optional(),
  properties: propertyTree.optional(),
  link: z.string().optional(),
  region: textOrTexts.optional(),
  scope: z.object({ project, folder: folderPath.default([]), recurse: z.boolean().default(true) }).optional(),
  level: z.enum(levels).default('VIEW'),
  modified: timeRange.optional(),
  created: timeRange.optional(),
  archivalState: z.string().optional(),
  describe: describeOption.default(false),
  sortBy: z
    .object({ field: z.enum(['created', 'modified', 'name']), ordering: z.enum(['ascending', 'descending']) })
    .optional(),
  starting: z
    .object({ project: z.string(), id: z.string(), key: z.union([z.string(), z.number()]).optional() })
    .nullish(),
  limit,
});
export type FindDataObjectsInput = z.output<typeof findDataObjectsInput>;

export const findProjectsInput = z.object({
  name: namePattern.optional(),
  id: textOrTexts.optional(),
  level: z.enum(levels).default('CONTRIBUTE'),
  explicitPermission: z.boolean().nullish(),
  public: z.boolean().nullish(),
  region: textOrTexts.nullish(),
  billTo: textOrTexts.nullish(),
  properties: propertyTree.optional(),
  tags: nameTree.optional(),
  created: timeRange.optional(),
  containsPHI: z.boolean().nullish(),
  externalUploadRestricted: z.boolean().nullish(),
  describe: describeOption.default(false),
  starting: z.string().nullish(),
  limit,
});

/** Apps and global workflows. */
export const findPublishedInput = z.object({
  name: namePattern.optional(),
  category: z.string().nullish(),
  allVersions: z.boolean().nullish(),
  published: z.boolean().nullish(),
  billTo: z.string().nullish(),
  createdBy: z.string().nullish(),
  developer: z.string().nullish(),
  authorizedUser: z.string().nullish(),
  created: timeRange.optional(),
  modified: timeRange.optional(),
  describe: describeOption.default(false),
  starting: z.string().nullish(),
  limit,
});
/** None exist here yet, so only the shape of the page matters. */
export const findOrgsInput = z.object({ describe: describeOption.default(false), limit });

export const resolveDataObjectsInput = z.object({
  objects: z
    .array(z.object({ name: z.string(), folder: folderPath.optional(), project: project.nullish() }))
    .max(1_000),
  project: project.nullish(),
  folder: folderPath.optional(),
  describe: describeOption.default(false),
  flags: z.unknown().optional(),
});

/** One thing of many to describe: by its id, or with a description of its own. */
const describeTarget = z.object({ id: z.string(), project: project.nullish(), describe: describeOption.optional() });
const aTarget = 'be an id, or a hash with the "id" to describe';
const targets = z.array(z.union([z.string(), describeTarget], aTarget)).max(1_000);

/** The options by class, or `*` for all others. They hold for things without options of their own. */
export function classOptions<Option extends z.ZodType>(option: Option) {
  return z.custom<Record<string, unknown>>(isHash, 'be a hash').transform((options, check) => {
    const read = new Map<string, z.output<Option>>();
    for (const [name, given] of Object.entries(options)) {
      const parsed = option.safeParse(given, { reportInput: true });
      if (parsed.success) read.set(name, parsed.data);
      else check.issues.push({ ...parsed.error.issues[0], path: [name] } as z.core.$ZodRawIssue);
    }
    return read as ReadonlyMap<string, z.output<Option>>;
  });
}

export const describeDataObjectsInput = z.object({
  objects: targets,
  classDescribeOptions: classOptions(describeOption).optional(),
});

/** Shaped like that of data objects, because nothing more is known about it. */
export const describeProjectsInput = z.object({
  projects: targets,
  classDescribeOptions: classOptions(describeOption).optional(),
});

export const generateBatchInput = z.object({
  project,
  folder: folderPath.default([]),
  inputs: z
    .custom<Record<string, string>>(
      (value) => isHash(value) && Object.values(value).every((pattern) => typeof pattern === 'string'),
      'be a hash of regular expressions',
    )
    .refine((inputs) => Object.keys(inputs).length >= 1 && Object.keys(inputs).length <= 100, 'have 1 to 100 keys'),
});
