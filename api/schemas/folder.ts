// Shapes of the inputs about folders (docs/reference/api.md, "Folders" and "Cloning").

import { z } from 'zod';
import { joinFolder, parseFolder } from '../../core/container/folder-path.ts';
import { describeOption } from './describe.ts';

/** A folder's path. It is transformed into its names from the root. */
export const folderPath = z.string().transform((path, check): string[] => {
  const parsed = parseFolder(path);
  if (!('problem' in parsed)) return parsed.names;
  check.addIssue({ code: 'custom', message: parsed.problem, input: path });
  return z.NEVER;
});

export const newFolderInput = z.object({ folder: folderPath, parents: z.boolean().default(false) });

export const listFolderInput = z.object({
  folder: folderPath.default([]),
  describe: describeOption.nullish(),
  only: z.enum(['all', 'objects', 'folders']).default('all'),
  includeHidden: z.boolean().default(false),
  hasSubfolderFlags: z.boolean().default(false),
});

export const renameFolderInput = z
  .object({ folder: folderPath, newpath: folderPath.optional(), name: z.string().optional() })
  .transform(({ folder, newpath, name }, check) => {
    if (newpath !== undefined) return { folder, newpath };
    const parsed = name === undefined ? undefined : parseFolder(joinFolder([...folder.slice(0, -1), name]));
    if (parsed !== undefined && !('problem' in parsed) && name?.includes('/') === false) {
      return { folder, newpath: parsed.names };
    }
    check.addIssue({ code: 'custom', path: ['newpath'], message: 'be the path of the folder to be', input: newpath });
    return z.NEVER;
  });

const objects = z.array(z.string().max(64));
export const moveInput = z.object({
  objects: objects.max(100_000).default([]),
  folders: z.array(folderPath).max(1_000).default([]),
  destination: folderPath,
});

export const removeFolderInput = z.object({
  folder: folderPath,
  recurse: z.boolean().default(false),
  force: z.boolean().default(false),
  partial: z.boolean().default(false),
});

export const removeObjectsInput = z.object({
  objects: objects.max(10_000),
  force: z.boolean().default(false),
});

export const cloneInput = z.object({
  objects: objects.max(10_000).default([]),
  folders: z.array(folderPath).max(1_000).default([]),
  project: z.string().max(64),
  destination: folderPath.default([]),
  parents: z.boolean().default(false),
});
