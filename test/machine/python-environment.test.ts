// The message for a missing Python, venv module or package index.

import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { preparePythonEnvironment } from '../../machine/python-environment.ts';
import { givenTemporaryFolder } from './temporary-folder.ts';

const folder = givenTemporaryFolder();

/** A program that claims to be Python and runs `otherwise` for any other call. */
function givenPython(name: string, otherwise: string): NodeJS.ProcessEnv {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.11.2" && exit 0\n${otherwise}\n`);
  chmodSync(path, 0o755);
  return { ...process.env, ESPALIER_CACHE: join(folder, `cache-${name}`), ESPALIER_PYTHON: path };
}

describe('the Python environment', { timeout: 120_000 }, () => {
  it('needs a Python that runs', async () => {
    const environment = { ...process.env, ESPALIER_CACHE: join(folder, 'cache'), ESPALIER_PYTHON: '/bin/false' };
    await expect(preparePythonEnvironment(environment)).rejects.toThrow(
      'ESPALIER_PYTHON names /bin/false, which does not run as Python 3.8 or newer.',
    );
  });

  it('needs the venv module, and says how to get it', async () => {
    const environment = givenPython('bare', 'echo "ensurepip is not available" && exit 1');
    const said: string[] = [];
    await expect(preparePythonEnvironment(environment, (line) => said.push(line))).rejects.toThrow(
      /has no venv module: install it .*python3-venv/,
    );
    expect(said).toEqual([
      expect.stringMatching(/^Making a Python environment with dxpy==[\d.]+ from PyPI, once, in /),
    ]);
  });

  it('needs a package index, and names it', async () => {
    const index = createServer((_req, res) => res.writeHead(404).end());
    await new Promise<void>((resolve) => index.listen(0, '127.0.0.1', resolve));
    const { port } = index.address() as { port: number };
    // pip itself, without the seconds that a real environment takes to make.
    const venv =
      'mkdir -p "$3/bin"; printf \'#!/bin/sh\\nexec python3 "$@"\\n\' > "$3/bin/python3"; chmod +x "$3/bin/python3"';
    const environment = { ...givenPython('offline', venv), PIP_INDEX_URL: `http://127.0.0.1:${port}/` };
    const refusal = expect(preparePythonEnvironment(environment)).rejects.toThrow(
      /^dxpy==[\d.]+ cannot be installed from PyPI/,
    );
    await refusal;
    index.close();
  });
});
