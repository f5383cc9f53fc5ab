// The program that runs a Python executable's code, with the real dxpy. It reads its input from a file, because there
// is no job.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { preparePythonEnvironment } from '../../machine/python-environment.ts';
import { preparePython } from '../../worker/interpreter/python.ts';

let bin: string;
let home: string;
beforeAll(async () => {
  bin = (await preparePythonEnvironment()).bin;
}, 300_000);
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function runCode(code: string, input: object = {}): Promise<{ output: string; errors: string; result: unknown }> {
  home = mkdtempSync(join(tmpdir(), 'espalier-python-'));
  const codeFile = join(home, 'job-0123456789BFGJKPQVXYZb00.code.py');
  writeFileSync(codeFile, code);
  writeFileSync(join(home, 'job_input.json'), JSON.stringify(input));
  mkdirSync(join(home, 'config'));
  const [program = '', ...args] = preparePython({ codeFile, seen: { codeFile } });
  const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: home, DX_USER_CONF_DIR: join(home, 'config') };
  const [output, errors] = await new Promise<[string, string]>((resolve) => {
    execFile(program, args, { cwd: home, env }, (_error, stdout, stderr) => resolve([stdout, stderr]));
  });
  expect(readFileSync(codeFile, 'utf8'), 'the code stays as it was given').toBe(code);
  return { output, errors, result: resultIn(home) };
}

function resultIn(folder: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, 'job_output.json'), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

describe('the code of a Python executable', () => {
  const addOne = "@dxpy.entry_point('main')\ndef main(n):\n    return {'n': n + 1}\n";
  it.each([
    ['that does not import dxpy', `#!/usr/bin/env python3\n${addOne}`],
    ['that calls dxpy.run() itself', `import dxpy\n${addOne}dxpy.run()\n`],
    ['that begins with a docstring and future imports', `"""Adds."""\nfrom __future__ import annotations\n${addOne}`],
    ['that ends without a line break', addOne.trimEnd()],
    ['that uses the name for something else', `${addOne}dxpy = None\n`],
  ])('%s runs once, with its input', async (_, code) => {
    const { output, result } = await runCode(code, { n: 41 });
    expect(result).toEqual({ n: 42 });
    expect(output.match(/Invoking main with/g)).toHaveLength(1);
  });

  it('in another encoding is read as its first line says', async () => {
    const { result } = await runCode(
      "# -*- coding: latin-1 -*-\n@dxpy.entry_point('main')\ndef main():\n    return {'n': len('\u00c3\u00a9')}\n",
    );
    // These are the four bytes of the two characters in UTF-8.
    expect(result).toEqual({ n: 4 });
  });

  it('that fails is shown with the names and line numbers of its own file', async () => {
    const { errors, result } = await runCode("\n\nraise ValueError('three')\n");
    expect(errors).toMatch(/job-0123456789BFGJKPQVXYZb00\.code\.py", line 3, in <module>\n +raise ValueError/);
    expect(result).toBeUndefined();
  });

  it('runs its entry point once, however its processes are started', async () => {
    const { output, result } = await runCode(`
import multiprocessing
def square(n):
    return n * n
@dxpy.entry_point('main')
def main():
    with multiprocessing.get_context('spawn').Pool(2) as pool:
        return {'n': pool.map(square, [1, 2, 3])}
`);
    expect(result).toEqual({ n: [1, 4, 9] });
    expect(output.match(/Invoking main with/g)).toHaveLength(1);
  }, 60_000);
});
