// Packages that jobs install into their own file tree with the real apt, pip and git, as root and as an ordinary user.
// Everything comes from a repository of this machine.

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { givenAptRepository } from './apt-repository.ts';
import { type FakeRun, runFakeJob } from './fake-platform.ts';
import { givenTools, givenWheel, isRoot, ordinaryUser, refusalFor, skipFor, wheelName } from './job-user.ts';

const place = mkdtempSync(join(tmpdir(), 'espalier-apt-'));
chmodSync(place, 0o755);
const tools = join(place, 'tools/bin');
let environment: Readonly<Record<string, string>>;
beforeAll(() => {
  givenTools(join(place, 'tools'));
  givenWheel(join(place, 'tools'));
  ({ environment } = givenAptRepository(join(place, 'tools/repository')));
});
afterAll(() => rmSync(place, { recursive: true }));

const texts = (run: FakeRun, level: string): string[] => run.log.filter((one) => one.l === level).map((one) => one.m);
const hasApt = spawnSync('apt-get', ['--version']).status === 0;

describe.each([
  ['the present user', undefined],
  ['an ordinary user', ordinaryUser],
])('a job of %s', (_, user) => {
  const open = mkdtempSync(join(place, 'data-'));
  chmodSync(open, 0o777);
  const overlays = join(open, 'overlays');
  const refusal = hasApt ? refusalFor(user, open) : 'there is no apt-get';
  type Packages = readonly object[];
  const run = (code: string, execDepends: Packages, kept: string = overlays) =>
    runFakeJob({ code, runSpec: { execDepends }, user, tools, overlays: kept, environment });

  it('finds what apt installed, at once the second time, and the machine has none of it', async (test) => {
    skipFor(refusal, test);
    const code = `main() {
      espalier-probe; espalier-chosen; cat /etc/espalier-probe.conf /lib/espalier-probe.so
      dpkg-query -W -f '\${Package} \${Status}\\n' espalier-probe espalier-probe-data
      echo mine > /etc/espalier-probe.conf; rm /usr/bin/espalier-probe; echo gone > /usr/share/espalier-probe/data
    }`;
    const found = ['data', 'chosen', 'setting', 'library'];
    const installed = ['espalier-probe', 'espalier-probe-data'].map((name) => `${name} install ok installed`);
    const first = await run(code, [{ name: 'espalier-probe' }]);
    expect({ why: first.finish?.failure, errors: texts(first, 'STDERR') }).toEqual({ errors: [] });
    expect(texts(first, 'STDOUT')).toEqual([...found, ...installed]);
    expect(texts(first, 'INFO')).toEqual(
      expect.arrayContaining([
        'Installing the apt package espalier-probe',
        expect.stringMatching(/^Installed the apt package espalier-probe in \d+ s$/),
      ]),
    );
    const second = await run(code, [{ name: 'espalier-probe' }]);
    expect(texts(second, 'STDOUT')).toEqual([...found, ...installed]);
    expect(texts(second, 'INFO').filter((line) => line.startsWith('Install'))).toEqual([]);
    expect(spawnSync('sh', ['-c', 'command -v espalier-probe']).status).not.toBe(0);
    expect(spawnSync('dpkg', ['-s', 'espalier-probe']).status).not.toBe(0);
  });

  it('finds them also where its layers lie in a folder that the packages change', async (test) => {
    skipFor(refusal, test);
    const folder = mkdtempSync('/var/tmp/espalier-apt-');
    chmodSync(folder, 0o777);
    const code = `main() {
      espalier-probe; dpkg-query -W -f '\${Status}\\n' espalier-probe; ls -d ${folder}; ls -d /var/cache
      touch /var/lib/new /var/log/new
    }`;
    const job = await run(code, [{ name: 'espalier-probe' }], join(folder, 'overlays'));
    rmSync(folder, { recursive: true });
    expect({ errors: texts(job, 'STDERR'), said: texts(job, 'STDOUT') }).toEqual({
      errors: [],
      said: ['data', 'install ok installed', folder, '/var/cache'],
    });
  });

  it('shares one installation with a job that begins at the same time', async (test) => {
    skipFor(refusal, test);
    const kept = join(open, 'shared');
    const both = await Promise.all(
      [0, 1].map(() => run('main() { espalier-probe; }', [{ name: 'espalier-probe' }], kept)),
    );
    expect(both.map((one) => texts(one, 'STDOUT'))).toEqual([['data'], ['data']]);
    expect(both.flatMap((one) => texts(one, 'INFO')).filter((line) => line.startsWith('Installing'))).toHaveLength(1);
    expect(readdirSync(kept).filter((name) => name.startsWith('apt-') && !/\.lock$|lists$/.test(name))).toHaveLength(1);
  });

  it('names in its log what failed: a package that is nowhere, and an installation script', async (test) => {
    skipFor(refusal, test);
    const absent = await run('main() { echo never; }', [{ name: 'espalier-nowhere' }]);
    expect(absent.finish?.failure).toMatchObject({ type: 'ExecutionError' });
    expect(absent.finish?.failure?.message).toContain('Unable to locate package espalier-nowhere');
    const broken = await run('main() { echo on; }', [{ name: 'espalier-probe-service' }]);
    const isOrdinary = user !== undefined || !isRoot;
    if (isOrdinary) {
      expect(texts(broken, 'STDOUT')).toEqual(['on']);
      expect(texts(broken, 'INFO')).toContainEqual(expect.stringMatching(/scripts .* failed: espalier-probe-service$/));
    } else expect(broken.finish?.failure?.message).toContain('espalier-probe-service');
  });

  it('finds what pip and git installed, and nothing else of that stays', async (test) => {
    skipFor(refusal, test);
    const source = join(place, 'tools', `repository of ${user ?? 'me'}`);
    execFileSync('git', ['init', '--quiet', source]);
    writeFileSync(join(source, 'file'), 'cloned\n');
    const author = ['-c', 'user.name=x', '-c', 'user.email=x'];
    execFileSync('git', ['-C', source, 'add', 'file']);
    execFileSync('git', ['-C', source, ...author, 'commit', '--quiet', '-m', 'x']);
    execFileSync('chown', ['-R', String(user ?? process.getuid?.()), source]);
    const wheel = { name: join(place, 'tools', wheelName), package_manager: 'pip' };
    const clone = { name: 'probe', package_manager: 'git', url: `file://${source}`, destdir: '/home/dnanexus/clones' };
    const build = 'espalier-probe > built; sudo cp built /opt/built; echo $HOME >> /opt/built';
    const code = `main() {
      python3 -c 'import probe_package; print(probe_package.value)'
      cat "clones/repository of ${user ?? 'me'}/file" /opt/built
    }`;
    const job = await run(code, [{ name: 'espalier-probe' }, wheel, { ...clone, build_commands: build }]);
    expect({ why: job.finish?.failure, errors: texts(job, 'STDERR') }).toEqual({ errors: [] });
    expect(texts(job, 'STDOUT')).toEqual(['7', 'cloned', 'data', '/home/dnanexus']);
    expect(texts(job, 'INFO')).toContain('Installing the git repository probe');
    expect(spawnSync('ls', ['/opt/built']).status).not.toBe(0);
  });

  it('fails with the way to get a program that a package needs', async (test) => {
    skipFor(refusal, test);
    const hasR = spawnSync('sh', ['-c', 'command -v Rscript']).status === 0;
    skipFor(hasR ? 'the machine has R, so nothing is missing' : undefined, test);
    const job = await run('main() { echo never; }', [{ name: 'ggplot2', package_manager: 'cran' }]);
    expect(job.finish?.failure?.message).toContain('list the apt package r-base-dev before it in execDepends');
    expect(texts(job, 'STDOUT')).toEqual([]);
  });
});
