// How a Python executable runs (dx-api.md §10.5): its code, then `dxpy.run()` unless the code called it. dxpy itself asks
// the platform for the function and the input.
import { appendFileSync } from 'node:fs';
import type { JobFolder } from '../folder.ts';

const ending = `

import dxpy.utils.exec_utils
if dxpy.utils.exec_utils.RUN_COUNT == 0:
    dxpy.run()
`;

/** Completes the code file; returns the command line. */
export function preparePython(folder: JobFolder): string[] {
  appendFileSync(folder.codeFile, ending);
  return ['python3', folder.codeFile];
}
