// Runs a Python executable (docs/reference/api.md, "Python jobs"): its code, then `dxpy.run()` unless the code called
// it. dxpy itself asks the platform for the function and the input.

import { writeFileSync } from 'node:fs';
import type { JobFolder } from '../folder.ts';

/** Writes the program that runs the code file, beside that file. Returns the command line. */
export function preparePython({ codeFile, seen }: PythonFolder): string[] {
  writeFileSync(codeFile.slice(0, -codeSuffix.length), program);
  return ['python3', seen.codeFile.slice(0, -codeSuffix.length)];
}

type PythonFolder = Pick<JobFolder, 'codeFile'> & { readonly seen: Pick<JobFolder['seen'], 'codeFile'> };

const codeSuffix = '.code.py';

// The code runs in the namespace of a program that has imported dxpy, as it does on DNAnexus. A traceback from there
// reads `"/home/dnanexus/job-G0V2…", line 25, in exec_code: exec(compiled_code, globals())`, then
// `"…/job-G0V2….code.py", line 12` (etal/cnvkit, 569), and the client's own tests run jobs whose code uses dxpy without
// an import. If a library imports the program again to start processes, the entry point is not run again.
const program = `import dxpy
exec(compile(open(__file__ + '${codeSuffix}', 'rb').read(), __file__ + '${codeSuffix}', 'exec', dont_inherit=True))
import dxpy.utils.exec_utils
if __name__ == '__main__' and dxpy.utils.exec_utils.RUN_COUNT == 0:
    dxpy.run()
`;
