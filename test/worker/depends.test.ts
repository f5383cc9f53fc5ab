// Packages that a job asks for. Fake programs for pip and apt-get record their arguments and make the files that the
// real ones would make.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missingServices } from '../../worker/depends/docker.ts';
import { type DependsGround, provideDependencies } from '../../worker/depends/provide.ts';
import { describeGroup, wantedGroups } from '../../worker/depends/wanted.ts';
import type { WorkerEnvironment } from '../../worker/environment.ts';
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
/** A container if the root is `/`, else a machine that gives jobs no `/` of their own. */
const provide = (root: string, claim: Claim) =>
  provideDependencies({
    ...{ environment: environmentAt(root), claim, folder: { root }, starter: undefined, over: goOn, say },
    place: root === '/' ? { kind: 'container', namespaces: false } : { kind: 'machine', namespaces: false, why: 'no' },
  } satisfies DependsGround);

describe('pip packages', () => {
  const claim = claimOf({ name: 'tool', version: '1.2', package_manager: 'pip' });
  const pip = (version: string) => `
if [ "$3" = -c ]; then echo "${version}"; exit; fi
mkdir "$6/bin"; printf '#!/bin/sh\necho ${version}\n' > "$6/bin/tool"; chmod +x "$6/bin/tool"`;

  it('put programs on the job’s PATH, and are installed once for each interpreter', async () => {
    const environment = environmentAt(place);
    const run = async () => {
      const { pip: folders } = await provide(place, claim);
      const paths = { home: place, root: place, programs: join(place, 'p') };
      const folder = { ...paths, seen: paths } as JobFolder;
      const variables = jobVariables(environment, folder, claim, folders);
      expect(variables.PYTHONPATH).toBe(folders.join(':'));
      return execFileSync('sh', ['-c', 'tool'], { env: variables, encoding: 'utf8' }).trim();
    };
    givenProgram('python3', pip('3.12'));
    expect([await run(), await run()]).toEqual(['3.12', '3.12']);
    givenProgram('python3', pip('3.13'));
    expect(await run()).toBe('3.13');
    const installs = calls().filter((call) => call.includes('pip install'));
    expect(installs).toHaveLength(2);
    expect(installs[0]).toMatch(/--target \S+ -- tool==1\.2$/);
    const lines = ['Installing the pip package tool 1.2', expect.stringMatching(/^Installed .* tool 1\.2 in \d+ s$/)];
    expect(said).toEqual([...lines, ...lines]);
  });

  it('leave nothing behind when they cannot be installed', async () => {
    givenProgram('python3', '[ "$3" = -c ] || { echo no such package >&2; exit 1; }');
    await expect(provide(place, claim)).rejects.toThrow('no such package');
    expect(readdirSync(join(place, 'overlays'))).toEqual([expect.stringMatching(/^pip-\w+\.lock$/)]);
  });
});

describe('packages in a container', () => {
  const install =
    'install --yes --no-install-recommends -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold';

  it('of apt are installed together, after an update of the lists when one is not found at first', async () => {
    givenProgram('apt-get', `[ "$1" = update ] && touch ${place}/lists; [ -e ${place}/lists ]`);
    givenProgram('dpkg', '');
    await provide('/', claimOf({ name: 'tool' }, { name: 'other', version: '2' }, { name: 'jq' }));
    const calling = `${install} -- tool other=2`;
    expect(calls()).toEqual([calling, '--configure -a', 'update', calling]);
    const what = 'the apt packages tool, other 2';
    expect(said).toEqual([`Installing ${what}`, expect.stringMatching(`^Installed ${what} in \\d+ s$`)]);
  });

  it('of apt fail the job after one update, with what apt said', async () => {
    givenProgram('apt-get', '[ "$1" = update ] || { echo unable to locate >&2; exit 100; }');
    givenProgram('dpkg', '');
    await expect(provide('/', claimOf({ name: 'tool' }))).rejects.toThrow('unable to locate');
    expect(calls()).toHaveLength(4);
  });

  it.each([
    ['gem', 'gem', ['install --no-document tool --version 1.2', 'install --no-document other']],
    ['cpan', 'cpanm', ['--notest tool~1.2 other']],
  ])('of %s are installed by the program %s', async (manager, program, expected) => {
    givenProgram(program, '');
    const one = { name: 'tool', version: '1.2', package_manager: manager };
    await provide('/', claimOf(one, { name: 'other', package_manager: manager }));
    expect(calls()).toEqual(expected);
  });

  it('of cran are installed by Rscript, which gets each name as an argument', async () => {
    givenProgram('Rscript', `printf '<%s>' "\${@:3}" >> ${place}/names`);
    const cran = { package_manager: 'cran' };
    await provide('/', claimOf({ name: 'tool', version: '1.2', ...cran }, { name: 'other', ...cran }));
    expect(readFileSync(join(place, 'names'), 'utf8')).toBe('<tool><1.2><other>');
  });

  it.each([
    ['gem', 'gem', 'ruby'],
    ['cpan', 'cpanm', 'cpanminus'],
    ['cran', 'Rscript', 'r-base-dev'],
  ])(
    'of %s without the program %s fail the job, and say which apt package has it',
    async (manager, program, source) => {
      if (spawnSync('sh', ['-c', `command -v ${program}`]).status === 0) return;
      const providing = provide('/', claimOf({ name: 'tool', package_manager: manager }));
      await expect(providing).rejects.toThrow(`no program ${program} here: list the apt package ${source} before it`);
    },
  );

  it('of git are cloned, set to the tag and built, and the address is never part of a program', async () => {
    const source = join(place, 'a repository');
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', source, '-c', 'user.name=x', '-c', 'user.email=x', ...args]);
    mkdirSync(source);
    git('init', '--quiet');
    for (const text of ['first', 'second']) {
      writeFileSync(join(source, 'file'), text);
      git('add', 'file');
      git('commit', '--quiet', '-m', text);
      git('tag', text);
    }
    const one = { name: 'probe', package_manager: 'git', url: `file://${source}`, tag: 'first' };
    await provide('/', claimOf({ ...one, destdir: join(place, 'clones'), build_commands: 'cp file built' }));
    expect(readFileSync(join(place, 'clones/a repository/built'), 'utf8')).toBe('first');
    expect(said[0]).toBe('Installing the git repository probe');
  });
});

describe('where jobs have no file tree of their own', () => {
  it.each([
    ['apt', 'no-such-package', 'apt-get install no-such-package'],
    ['gem', 'tool', 'jobs without a file tree of their own do not install that on this machine'],
  ])('packages of %s fail the job, with what is possible', async (manager, name, words) => {
    await expect(provide(place, claimOf({ name, package_manager: manager }))).rejects.toThrow(words);
  });

  it('an apt package that the machine has is enough', async () => {
    expect(await provide(place, claimOf({ name: 'bash' }))).toEqual({ layers: [], pip: [] });
    expect(said).toEqual([]);
  });
});

describe('the packages of an executable', () => {
  const groupsOf = (runSpec: object, entryPoint = 'main') =>
    wantedGroups({ runSpec, function: entryPoint } as unknown as Claim).map(describeGroup);

  it('are those of the entry point, of both lists, and neighbours of one manager are one group', () => {
    const runSpec = {
      execDepends: [
        { name: 'samtools', version: '1.16' },
        { name: 'tabix', package_manager: 'apt', stages: ['main'] },
        { name: 'bwa', stages: ['other'] },
        { name: 'dx-toolkit' },
        { name: 'numpy', package_manager: 'pip3' },
        { name: 'pysam', package_manager: 'pip' },
      ],
      dependencies: [{ name: 'bedtools' }],
    };
    expect(groupsOf(runSpec)).toEqual([
      'the apt packages samtools 1.16, tabix',
      'the pip packages numpy, pysam',
      'the apt package bedtools',
    ]);
    expect(groupsOf(runSpec, 'other')[0]).toBe('the apt packages samtools 1.16, bwa');
  });

  it.each([
    [{ name: '-o=x' }, 'is not the name'],
    [{ name: 'a b' }, 'is not the name'],
    [{ name: '--index-url=x', package_manager: 'pip' }, 'is not the name'],
    [{ name: 'tool', version: '1 -o' }, 'is not a version'],
    [{ name: 'x', package_manager: 'conda' }, 'which is not one of apt, pip'],
    [{ name: 'x', package_manager: 'git' }, 'needs a "url"'],
  ])('are refused if their names could mean something else: %j', (one, words) => {
    expect(() => groupsOf({ execDepends: [one] })).toThrow(words);
  });
});

describe('what needs a service that jobs do not get', () => {
  it('is refused at the start if execDepends names it', async () => {
    await expect(provide('/', claimOf({ name: 'docker.io' }))).rejects.toThrow('jobs get no Docker daemon');
  });

  it.each([
    ['main() {\n  docker run x\n}', ['docker']],
    ['  sudo docker pull x', ['docker']],
    ["subprocess.check_call(['docker', 'run'])", ['docker']],
    ['dx-mount-all-inputs --except x', ['dx-mount-all-inputs']],
    ['# docker run x\necho docker; echo "a docker image"', []],
    ['main() { :; }', []],
  ])('is said once if the code calls it: %j', (code, words) => {
    expect(missingServices(code, tools).map((line) => /^The code calls (\S+),/.exec(line)?.[1])).toEqual(words);
  });

  it('is not said of dxfuse where the machine has it', () => {
    givenProgram('dxfuse', '');
    expect(missingServices('dx-mount-all-inputs', tools)).toEqual([]);
  });
});
