// /system/generateBatchInputs: finds the files of a folder and its subfolders that belong to one run each
// (docs/reference/api.md, "Batches").

import type { z } from 'zod';
import { type Batch, groupNames } from '../../../core/batch/group-names.ts';
import { joinFolder } from '../../../core/container/folder-path.ts';
import { folderNotFound, invalidInput } from '../../../core/error/api-error.ts';
import { compileRegexp, type Regexp, usualStepBudget } from '../../../core/pattern/regexp.ts';
import { findFolder, loadFolders } from '../../../engine/container/folder.ts';
import { listAllObjects } from '../../../engine/placement/listing.ts';
import { mapLimited } from '../../../engine/store/map-limited.ts';
import type { PlaceCall } from '../../route.ts';
import type { generateBatchInput } from '../../schemas/find.ts';

type BatchCall = PlaceCall<z.output<typeof generateBatchInput>>;

/**
 * Files that are closed and not hidden, in the order of their names, so that the same folder gives the same batches.
 */
export async function generateBatchInputs(call: BatchCall): Promise<{ batchInputs: Batch[] }> {
  const patterns = new Map(Object.entries(call.input.inputs).map(([name, text]) => [name, compile(name, text)]));
  const batchInputs = groupNames(patterns, await loadFiles(call), { left: usualStepBudget });
  if (batchInputs === 'exhausted') {
    throw invalidInput('the patterns in key "inputs" of input take too long: make them simpler');
  }
  return { batchInputs };
}

/** The whole name must match: `(.*).bam` is not meant to find `x.bam.bai`. */
function compile(name: string, pattern: string): Regexp {
  const key = `expected key "inputs.${name.slice(0, 100)}" of input`;
  const regexp = compileRegexp(`^(?:${pattern})$`);
  if ('problem' in regexp) throw invalidInput(`${key} to ${regexp.problem}`);
  if (regexp.groupCount > 0) return regexp;
  throw invalidInput(`${key} to have a group, as in "sample(.*)_1.fastq.gz"`);
}

async function loadFiles({ context, place, input }: BatchCall) {
  const top = await findFolder(context, place, input.folder);
  if (top === undefined) throw folderNotFound(joinFolder(input.folder), place);
  const folders = (await loadFolders(context, place)).subtreeOf(top);
  const pages = await mapLimited(folders, (folder) => listAllObjects(context, place, folder, maximumObjectCount));
  const objects = pages.flatMap((page) => page.objects);
  if (objects.length > maximumObjectCount || pages.some(({ more }) => more)) {
    throw invalidInput(`the folder has more than ${maximumObjectCount} objects: give a folder below it`);
  }
  const files = objects.flatMap(({ id, row, placements }) => {
    const placement = placements.get(place);
    const counts = row.className === 'file' && row.state === 'closed' && placement?.hidden === false;
    return counts ? [{ id, name: placement.name }] : [];
  });
  return files.sort((first, second) => (`${first.name}\0${first.id}` < `${second.name}\0${second.id}` ? -1 : 1));
}

/** Objects that one request looks at. */
const maximumObjectCount = 50_000;
