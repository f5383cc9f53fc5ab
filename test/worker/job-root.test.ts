// What a job sees and changes: an applet that reads and writes every absolute place that platform jobs know, as root and as
// an ordinary user, and the machine afterwards.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeRun, identity, runFakeJob } from './fake-platform.ts';
import { givenTools, givenWheel, isRoot, ordinaryUser, refusalFor, skipFor, wheelName } from './job-user.ts';

const place = mkdtempSync(join(tmpdir(), 'espalier-job-root-'));
function archiveOf(files: Readonly<Record<string, string>>): Buffer {
  const folder = mkdtempSync(join(place, 'bundle-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text, { mode: 0o755 });
  }
  return execFileSync('tar', ['-cz', '-C', folder, '.']);
}

/** Everything that a job could have changed: names, kinds, rights, owners, sizes and times. */
function machine(): string {
  const folders = ['/etc', '/home', '/mnt', '/opt', '/srv', '/usr', '/var/lib/dpkg', '/var/tmp', join(place, 'tools')];
  const print = ['-printf', '%p %y %m %u %g %s %T@\n'];
  const listed = execFileSync('find', [...folders, ...print], { encoding: 'utf8', maxBuffer: 1 << 30 });
  const top = execFileSync('ls', ['-A', '/', '/dev/shm'], { encoding: 'utf8' });
  return `${top}${listed}`;
}

const resources = {
  'FastTool/fasttool': '#!/bin/bash\necho fast\n',
  'home/dnanexus/data/ref.txt': 'ref\n',
  'usr/share/espalier-probe/cfg': 'cfg\n',
  'usr/bin/espalier-probe-tool': '#!/bin/bash\necho tool\n',
  'opt/probe/README': 'asset\n',
  'bin/espalier-probe-bin': '#!/bin/bash\necho bin\n',
  'README.bundle': 'at the top\n',
};
/** Where /bin leads on this machine: `usr/bin` on most. */
const binLink = lstatSync('/bin').isSymbolicLink() ? readlinkSync('/bin') : '';
const bundleId = 'file-0123456789BFGJKPQVXYZb01';
const wheelId = 'file-0123456789BFGJKPQVXYZb02';
const bundledDepends = [
  { name: 'resources.tar.gz', id: { $dnanexus_link: bundleId } },
  { name: 'wheel.tar.gz', id: { $dnanexus_link: wheelId } },
];

const code = String.raw`
check() {
  local name=$1 why
  shift
  if why=$("$@" 2>&1 >/dev/null); then echo "$name: yes"; else echo "$name: NO ($why)"; fi
}
makes() { echo new > "$1/espalier-probe-new" && test -s "$1/espalier-probe-new"; }
main() {
  LINK=${binLink}
  check 'the home is the folder of the job' test "$HOME|$PWD|$TMPDIR" = '/home/dnanexus|/home/dnanexus|/tmp'
  check 'a file of the bundle in the home' grep -qx ref /home/dnanexus/data/ref.txt
  check 'a program of the bundle by its path' test "$(/FastTool/fasttool)" = fast
  check 'a program of the bundle by its name' test "$(espalier-probe-tool)" = tool
  check 'a program of the bundle in a folder that is a link' test "$(/bin/espalier-probe-bin)$(readlink /bin)" = "bin$LINK"
  check 'a file of the bundle in /usr/share' grep -qx cfg /usr/share/espalier-probe/cfg
  check 'a file of the bundle in /opt' grep -qx asset /opt/probe/README
  check 'a file of the bundle at the top' grep -qx 'at the top' /README.bundle
  check 'a file of the machine' grep -q root /etc/passwd
  for folder in / /etc /opt /srv /mnt /usr/bin /usr/lib /usr/share /usr/local/bin /var/tmp /var/lib /tmp /dev/shm /home/dnanexus; do
    check "a new file in $folder" makes "$folder"
  done
  check 'an output folder' mkdir -p /home/dnanexus/out/o
  check 'sudo' sudo mkdir /opt/espalier-by-sudo
  check 'sudo with options and variables' test "$(sudo -E -u root -- NAME=7 sh -c 'echo $NAME')" = 7
  check 'pip' python3 -m pip install --no-index --no-cache-dir --quiet /wheels/${wheelName}
  check 'what pip installed' test "$(python3 -c 'import probe_package; print(probe_package.value)')" = 7
  mkdir unpacked-first bin; echo u > unpacked-first/file; echo u > bin/espalier-probe-new-2; tar -cf a.tar unpacked-first bin
  check 'dx-unpack' dx-unpack a.tar
  check 'what dx-unpack unpacked' test -s /unpacked-first/file
  check 'a link that is still one' test "$(readlink /bin)|$(cat /usr/bin/espalier-probe-new-2)" = "$LINK|u"
  check 'a file of the machine that is removed' rm /etc/hostname
  check 'its end' test ! -e /etc/hostname
  check 'the log socket' python3 -I -S -c "
import socket
one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
one.connect('/opt/dnanexus/log/priority')
one.send(b'{\"source\": \"DX_APP\", \"level\": \"info\", \"msg\": \"by the socket\"}')"
  check 'standard error by its name' sh -c 'echo x | tee /dev/stderr'
  if [ "$(id -u)" != 0 ]; then
    check 'a first process that cannot be looked into' bash -c '! cat /proc/1/environ && ! cat /proc/1/maps && ! ls /proc/1/fd'
  fi
  if [ "$(id -u)" = 0 ]; then
    check 'a file of the machine that is changed' sed -i s/root/toor/ /etc/passwd
    check 'a user' grep -q toor /etc/passwd
  fi
  echo '{"n": 1}' > /home/dnanexus/job_output.json
}`;

const texts = (run: FakeRun, level: string): string[] => run.log.filter((one) => one.l === level).map((one) => one.m);

beforeAll(() => {
  givenTools(join(place, 'tools'));
  givenWheel(place);
  mkdirSync(join(place, 'open'));
  chmodSync(join(place, 'open'), 0o777);
  chmodSync(place, 0o755);
});
afterAll(() => rmSync(place, { recursive: true }));

const files = () => ({
  [bundleId]: archiveOf(resources),
  [wheelId]: execFileSync('tar', ['-cz', '-C', place, '--transform', 's,^,wheels/,', wheelName]),
});

describe.each([
  ['the present user', undefined],
  ['an ordinary user', ordinaryUser],
])('a job of %s', (_, user) => {
  it('finds and changes every place that platform jobs know, and the machine is as it was', async (test) => {
    const refusal = refusalFor(user, user === undefined ? place : join(place, 'open'));
    skipFor(refusal && `jobs get no root here: ${refusal}`, test);
    const before = machine();
    const run = await runFakeJob({
      ...{ code, runSpec: { bundledDepends }, files: files(), tools: join(place, 'tools/bin') },
      user,
    });
    expect({ why: run.finish?.failure, errors: texts(run, 'STDERR') }).toEqual({ errors: [] });
    const said = texts(run, 'STDOUT');
    expect(said.filter((line) => !line.endsWith(': yes'))).toEqual([]);
    expect(said.length).toBeGreaterThanOrEqual(35);
    expect(texts(run, 'INFO')).toContain('by the socket');
    expect(run.finish).toEqual({ output: { n: 1 } });
    expect(difference(before, machine())).toEqual([]);
  }, 180_000);
});

it('an ordinary user that may not read the checkout is a user whom this test cannot act for', () => {
  if (!isRoot) return;
  const look = spawnSync('setpriv', [...identity(ordinaryUser), 'test', '-r', resolve('worker/worker.ts')]);
  expect(look.status).toBe(0);
});

describe('where a job gets no root of its own', () => {
  const why = 'mount: Operation not permitted';

  it('it runs, and its log says so once', async () => {
    const run = await runFakeJob({ code: 'main() { echo "$HOME"; }', jobRoot: why, namespaces: false });
    const lines = texts(run, 'INFO').filter((line) => line.includes('no file tree of its own'));
    expect(lines).toEqual([expect.stringContaining(`(${why}): HOME is ${texts(run, 'STDOUT')[0]}`)]);
    expect(run.finish).toEqual({ output: {} });
  });

  it.each([
    ['/FastTool', { 'FastTool/fasttool': 'x' }],
    ['/README', { README: 'x' }],
    ['/log', { 'log/x': 'x' }],
    ['/opt/tool', { 'opt/tool/x': 'x' }],
    ['/home/other', { 'home/other/x': 'x' }],
  ])('resources in %s are refused with the reason', async (where, content) => {
    const run = await runFakeJob({
      ...{ code: 'main() { echo never; }', jobRoot: why, namespaces: false },
      ...{ runSpec: { bundledDepends: bundledDepends.slice(0, 1) }, files: { [bundleId]: archiveOf(content) } },
    });
    expect(run.finish?.failure).toMatchObject({ type: 'ExecutionError' });
    const { message } = run.finish?.failure ?? {};
    for (const part of [`lie in ${where},`, why, '/home/dnanexus and /usr']) expect(message).toContain(part);
    expect(texts(run, 'STDOUT')).toEqual([]);
  });

  it('resources in usr and in the home are found', async () => {
    const content = { 'usr/bin/espalier-probe-tool': '#!/bin/bash\necho tool', 'home/dnanexus/ref': 'ref' };
    const run = await runFakeJob({
      ...{ code: 'main() { espalier-probe-tool; cat ref; }', jobRoot: why, namespaces: false },
      ...{ runSpec: { bundledDepends: bundledDepends.slice(0, 1) }, files: { [bundleId]: archiveOf(content) } },
    });
    expect(texts(run, 'STDOUT')).toEqual(['tool', 'ref']);
  });
});

/** Lines that are in one of the texts only. */
function difference(before: string, after: string): string[] {
  const [left, right] = [new Set(before.split('\n')), new Set(after.split('\n'))];
  return [...[...left].filter((line) => !right.has(line)), ...[...right].filter((line) => !left.has(line))];
}

it('a planted change of the machine would be found', () => {
  const before = machine();
  writeFileSync(join(place, 'tools/planted'), 'x');
  const found = difference(before, machine());
  rmSync(join(place, 'tools/planted'));
  expect(found.join('\n')).toContain('tools/planted');
  expect(readFileSync('/etc/passwd', 'utf8')).toContain('root');
}, 180_000);
