// The folder of the project for a run's output.

import { joinFolder, parseFolder } from '../container/folder-path.ts';
import { invalidInput } from '../error/api-error.ts';
import type { Refusal } from './refusal.ts';
import type { RunRequest } from './request.ts';

/** The request with its output folder normalised. */
export function normaliseFolder(request: RunRequest): RunRequest | Refusal {
  const folder = parseFolder(request.folder);
  if ('problem' in folder) return { refused: invalidInput(`expected key "folder" of input to ${folder.problem}`) };
  return { ...request, folder: joinFolder(folder.names) };
}

/** The names on the way to a folder that `normaliseFolder` returned. */
export function folderNames(folder: string): string[] {
  return folder.split('/').filter((name) => name !== '');
}
