// Packages that a job asks for. Fake programs for pip and apt-get record their arguments and make the files that the
// real ones would make.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WorkerEnvironment } from '../../worker/environment.ts';
import { provideDependencies } from '../../worker/exec-depends.ts';
import type { JobFolder } from '../../worker/folder.ts';
import { jobVariables } from '../../worker/job-variables.ts';
import type { Claim } from '../../worker/platform.ts';

let place: string;
let tools: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'espalier-depends-'));
  tools = join(place, 'tools');
  said = [];
  mkdirSync(tools);
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

function givenProgram(name: string, script: string): void {
  writeFileSync(join(tools, name), `#!/bin/bash\necho "$*" >> ${place}/calls\n${script}`, { mode: 0o755 });
}
const calls = (): string[] => readFileSync(join(place, 'calls'), 'utf8').trim().split('\n');
const goOn = new AbortController().signal;
let said: string[] = [];
const say = (line: string) => void said.push(line);

function environmentAt(root: string): WorkerEnvironment {
  const path = `${tools}:${process.env.PATH}`;
  const settings = { apiUrl: 'http://127.0.0.1:1', root, overlays: join(place, 'overlays'), path };
  return { ...settings, inherited: { PATH: path } } as unknown as WorkerEnvironment;
}
const claimOf = (...execDepends: object[]) => ({ runSpec: { execDepends }, function: 'main' }) as unknown as Claim;

describe('pip packages', () => {
  const claim = claimOf({ name: 'tool', version: '1.2', package_manager: 'pip' });
  const pip = (version: string) => `
if [ "$3" = -c ]; then echo "${version}"; exit; fi
mkdir "$6/bin"; printf '#!/bin/sh\necho ${version}\n' > "$6/bin/tool"; chmod +x "$6/bin/tool"`;

  it('put programs on the job’s PATH, and are installed once for each interpreter', async () => {
    const environment = environmentAt(place);
    const run = async () => {
      const overlay = await provideDependencies(environment, claim, goOn, say);
      const paths = { home: place, root: place, programs: join(place, 'p') };
      const folder = { ...paths, seen: paths } as JobFolder;
      const variables = jobVariables(environment, folder, claim, overlay);
      expect(variables.PYTHONPATH).toBe(overlay);
      return execFileSync('sh', ['-c', 'tool'], { env: variables, encoding: 'utf8' }).trim();
    };
    givenProgram('python3', pip('3.12'));
    expect([await run(), await run()]).toEqual(['3.12', '3.12']);
    givenProgram('python3', pip('3.13'));
    expect(await run()).toBe('3.13');
    const installs = calls().filter((call) => call.includes('pip install'));
    expect(installs).toHaveLength(2);
    expect(installs[0]).toMatch(/--target \S+ -- tool==1\.2$/);
    const lines = [
      'Installing the pip packages tool==1.2',
      expect.stringMatching(/^Installed .* tool==1\.2 in \d+ s$/),
    ];
    expect(said).toEqual([...lines, ...lines]);
  });

  it('leave nothing behind when they cannot be installed', async () => {
    givenProgram('python3', '[ "$3" = -c ] || { echo no such package >&2; exit 1; }');
    await expect(provideDependencies(environmentAt(place), claim, goOn, say)).rejects.toThrow('no such package');
    expect(readdirSync(join(place, 'overlays'))).toEqual([]);
  });
});

describe('apt packages in a container', () => {
  it('are installed after an update of the lists when they are not found at first', async () => {
    givenProgram('apt-get', `[ "$1" = update ] && touch ${place}/lists; [ -e ${place}/lists ]`);
    await provideDependencies(environmentAt('/'), claimOf({ name: 'tool' }), goOn, say);
    const install = 'install --yes --no-install-recommends tool';
    expect(calls()).toEqual([install, 'update', install]);
    expect(said).toEqual(['Installing the apt package tool', expect.stringMatching(/^Installed .* tool in \d+ s$/)]);
  });

  it('fail after one update, naming the program that failed', async () => {
    givenProgram('apt-get', '[ "$1" = update ] || { echo unable to locate >&2; exit 100; }');
    const providing = provideDependencies(environmentAt('/'), claimOf({ name: 'tool' }), goOn, say);
    await expect(providing).rejects.toThrow('apt-get ended with exit code 100: unable to locate');
    expect(calls()).toHaveLength(3);
  });
});
