// The command as a user types it, from another folder and with the Node of the machine: start, beside it, end.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { signalIfThere } from '../../machine/process/process-signal.ts';
import { processesOf } from '../campaign/process-watch.ts';
import { execute, type Reply, runtimeFlags } from './session.ts';

const startLimitMs = 180_000;
const launcher = resolve('bin/espalier.js');
const isDeployed = runtimeFlags.length > 0;

const folder = mkdtempSync(join(tmpdir(), 'espalier-command-'));
/** Without the folders that npm and vitest add: `node` is the one of the machine, if there is one. */
const ownPath = (process.env.PATH ?? '').split(delimiter).filter((place) => !place.includes('node_modules'));
const hasNode = ownPath.some((place) => existsSync(join(place, 'node')));
const path = hasNode ? ownPath.join(delimiter) : (process.env.PATH ?? '');
/** A registry that is asked cannot answer. */
const npm = { npm_config_cache: join(folder, 'npm'), npm_config_registry: 'http://127.0.0.1:9' };
const environment = { ...process.env, ...npm, PATH: path, USER: 'ada' };

const started = new Set<ChildProcess>();
afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  for (const { pid } of processesOf(folder)) signalIfThere(pid, 'SIGKILL');
  started.clear();
});
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));

const espalier = (...args: string[]): Promise<Reply> =>
  execute('node', [launcher, ...args], { cwd: folder, env: environment });

type Started = {
  readonly child: ChildProcess;
  readonly url: string;
  readonly lines: readonly string[];
  errors(): string;
  readonly ended: Promise<number | null>;
};

async function start(data: string, program = 'node', args: readonly string[] = [launcher]): Promise<Started> {
  const parameters = [...args, 'start', '--port', '0', '--data', data, ...runtimeFlags];
  const child = spawn(program, parameters, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  started.add(child);
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const lines: string[] = [];
  const url = await new Promise<string>((done, fail) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (line.startsWith('ready ')) done(line.slice('ready '.length));
    });
    void ended.then((code) => fail(new Error(`ended with ${code}: ${errors}`)));
  });
  return { child, url, lines, errors: () => errors, ended };
}

const endLines = (who: string) =>
  `espalier: The platform ends (${who}). Jobs that have not ended go on at the next start.\n` +
  'espalier: The platform has ended.\n';

describe('the command from any folder', { timeout: startLimitMs }, () => {
  it('says its version, and which Node runs it', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const { code, stdout } = await espalier('--version');
    expect([code, stdout.replace(/\d+\.\d+\.\d+\)/, 'N)')]).toEqual([0, `espalier ${version} (Node N)\n`]);
    expect(Number(/Node (\d+)/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(24);
  });

  it.each([
    [['strat'], /^espalier: There is no command "strat"\. Did you mean "start"\?\nUsage: /],
    [
      ['user', 'ad', 'bob'],
      /^espalier: There is no command "user ad"\. Did you mean "add"\?\nUsage: espalier user add NAME/,
    ],
    [['user'], /^espalier: "user" needs a further word\.\nUsage: espalier user add NAME/],
    [['token', 'lost'], /^espalier: There is no command "token lost"\. Did you mean "list"\?\n/],
    [
      ['start', '--prot', '1'],
      /^espalier: There is no option "--prot" here\. Did you mean "--port"\?\nUsage: espalier start /,
    ],
    [['start', '--data='], /^espalier: The value of "--data" is empty/],
    [['env', '--data='], /^espalier: The value of "--data" is empty/],
  ])('answers %j with what was probably meant', async (args, message) => {
    const { code, stdout, stderr } = await espalier(...args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
  });

  it('lists the commands of one subject', async () => {
    const { code, stdout } = await espalier('user', '--help');
    expect([code, stdout.match(/^ {2}user \w+/gm)]).toEqual([
      0,
      ['  user add', '  user list', '  user remove', '  user password'],
    ]);
  });

  it.each([
    [
      ['help', 'start'],
      ['start', '--help'],
    ],
    [
      ['help', 'user', 'add'],
      ['user', 'add', '--help'],
    ],
    [
      ['help', 'user'],
      ['user', '--help'],
    ],
    [['help', 'strat'], ['strat']],
  ])('answers %j like %j', async (typed, other) => {
    expect(await espalier(...typed)).toEqual(await espalier(...other));
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends in order on %s to the process that was started', async (signal) => {
    const data = join(folder, signal);
    const { child, ended, errors } = await start(data);
    child.kill(signal);
    expect(await ended).toBe(0);
    expect(errors().endsWith(endLines(signal)), errors()).toBe(true);
    expect(processesOf(data)).toEqual([]);
  });

  it('runs by npx without a registry, and ends in order when npx is terminated', async () => {
    const data = join(folder, 'npx');
    const { child, ended, errors } = await start(data, 'npx', ['--prefix', resolve('.'), 'espalier']);
    child.kill('SIGTERM');
    await ended;
    for (const deadline = Date.now() + 10_000; processesOf(data).length > 0 && Date.now() < deadline; ) {
      await new Promise((done) => setTimeout(done, 50));
    }
    expect(processesOf(data)).toEqual([]);
    expect(errors()).toContain(endLines('SIGTERM'));
  });
});

describe('a platform in the background', { timeout: startLimitMs }, () => {
  it('is started, looked at and stopped, and each refuses where there is none', async () => {
    const data = join(folder, 'background');
    const begun = await espalier('start', '--detach', '--port', '0', '--data', data, ...runtimeFlags);
    expect(begun.code, begun.stderr).toBe(0);
    expect(begun.stderr).toContain(`${launcher} stop --data ${data}" ends it.`);
    const lines = begun.stdout.trim().split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['user', 'password', 'token', 'terminal', 'ready']);
    const url = lines.at(-1)?.slice('ready '.length);

    const { stdout } = await espalier('status', '--data', data);
    expect(stdout).toContain(`address ${url}\ndata ${data}\nruntime ${isDeployed ? 'deployed' : 'embedded'}\n`);
    expect(stdout).toContain('executions none\n');
    const again = await espalier('start', '--detach', '--port', '0', '--data', data, ...runtimeFlags);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain(`Another platform runs on the data folder ${data}`);

    expect(await espalier('stop', '--data', data)).toMatchObject({ code: 0, stdout: `stopped ${data}\n` });
    expect(processesOf(data)).toEqual([]);
    expect(readFileSync(join(data, 'platform.log'), 'utf8')).toContain(endLines('"espalier stop"'));
    for (const command of ['status', 'stop']) {
      const { code, stderr } = await espalier(command, '--data', data);
      expect([code, stderr]).toEqual([1, expect.stringContaining(`No platform runs on the data folder ${data}`)]);
    }
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('is not left behind when its start gets %s', async (signal) => {
    const data = join(folder, `broken-off-${signal}`);
    const parameters = [resolve('cli/espalier.ts'), 'start', '--detach', '--port', '0', '--data', data];
    const child = spawn(process.execPath, [...parameters, ...runtimeFlags], { cwd: folder, env: environment });
    started.add(child);
    const ended = new Promise<number | null>((done) => child.once('exit', done));
    for (; !existsSync(join(data, 'lock.sqlite')); await new Promise((done) => setTimeout(done, 5))) {
      expect(child.exitCode).toBe(null);
    }
    child.kill(signal);
    expect(await ended).toBe(signal === 'SIGINT' ? 130 : 143);
    // The start may be asking the kernel or a Python something, by a program that ends by itself.
    await vi.waitFor(() => expect(processesOf(data)).toEqual([]), { timeout: 2_000, interval: 20 });
    expect(existsSync(data)).toBe(false);
  });

  it('is not left half made when its port is taken', async () => {
    const taken = createServer();
    await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
    const { port } = taken.address() as { port: number };
    const data = join(folder, 'taken/data');
    for (const more of [['--detach'], []]) {
      const { code, stderr } = await espalier(
        'start',
        '--port',
        String(port),
        '--data',
        data,
        ...more,
        ...runtimeFlags,
      );
      expect([code, stderr]).toEqual([1, expect.stringContaining('choose another with --port')]);
      expect(existsSync(join(folder, 'taken'))).toBe(false);
    }
    taken.close();
  });
});

describe('the commands beside a platform', { timeout: startLimitMs }, () => {
  it('list and remove users and tokens, and a doctor finds no fault', async () => {
    const data = join(folder, 'beside');
    const { url, lines } = await start(data);
    const printed = lines.find((line) => line.startsWith('token '))?.slice('token '.length) ?? '';
    const whoami = async (token: string) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      return (await fetch(`${url}/system/whoami`, { method: 'POST', headers, body: '{}' })).status;
    };
    expect(await whoami(printed)).toBe(200);

    const token = (await espalier('token', '--label', 'nightly', '--data', data)).stdout.trim();
    expect(await whoami(token)).toBe(200);
    const listed = (await espalier('token', 'list', '--data', data)).stdout;
    expect(listed).not.toContain(token);
    const id = /^(\w{12}) .* nightly$/m.exec(listed)?.[1] ?? '';
    expect((await espalier('token', 'revoke', id, '--data', data)).stdout).toBe(`revoked ${id} (nightly)\n`);
    expect(await whoami(token)).toBe(401);

    expect((await espalier('user', 'add', 'bob', '--data', data)).stdout).toMatch(
      /^user user-bob\npassword \S+\ntoken \S+\n$/,
    );
    expect((await espalier('user', 'list', '--data', data)).stdout).toMatch(/^name +added\nada .*\nbob .*\n$/);
    expect((await espalier('user', 'password', 'bob', '--data', data)).stdout).toMatch(
      /^user user-bob\npassword \S+\n$/,
    );
    expect((await espalier('user', 'remove', 'bob', '--data', data)).code).toBe(1);
    expect((await espalier('user', 'remove', 'bob', '--with-projects', '--data', data)).stdout).toMatch(
      /^removed user-bob\ndestroyed project-\w+\n$/,
    );
    expect((await espalier('user', 'list', '--data', data)).stdout).toMatch(/^name +added\nada .*\n$/);

    const { code, stdout } = await espalier('doctor', '--data', data, '--port', new URL(url).port);
    expect([code, stdout.split('\n').filter((line) => line !== '' && !/: ok( \(|$)/.test(line))]).toEqual([0, []]);
    expect(stdout).toContain(`data folder: ok (${data}, where a platform runs at ${url})`);
  });

  it('env finds a dx for a user who has none, and leaves one alone that is there', async () => {
    const data = join(folder, 'env');
    await start(data);
    const shell = (dx: string) => {
      const script = `PATH=${dx}:/usr/bin:/bin; eval "$(${process.execPath} ${launcher} env --data ${data})"; type -P dx; dx --version; dx env | grep user`;
      return execute('bash', ['-c', script], { cwd: folder, env: { ...environment, HOME: folder } });
    };
    const { stdout, stderr } = await shell('/nowhere');
    expect(stdout, stderr).toMatch(/\/python-\w+\/bin\/dx\ndx v[\d.]+\nCurrent user\t+ada\n$/);
    writeFileSync(join(folder, 'dx'), '#!/bin/sh\necho mine\n', { mode: 0o755 });
    expect((await shell(folder)).stdout).toBe(`${folder}/dx\nmine\n`);
    rmSync(join(folder, 'dx'));
  });

  it('a start says how many jobs of an earlier one go on', async () => {
    const data = join(folder, 'again');
    const first = await start(data, process.execPath, [resolve('cli/espalier.ts')]);
    const token = first.lines.find((line) => line.startsWith('token '))?.slice('token '.length) ?? '';
    const call = async (path: string, input: object) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const reply = await fetch(`${first.url}${path}`, { method: 'POST', headers, body: JSON.stringify(input) });
      return (await reply.json()) as { id: string };
    };
    const { id: project } = await call('/project/new', { name: 'p' });
    const runSpec = { interpreter: 'bash', code: 'main() { sleep 600; }', distribution: 'Ubuntu', release: '24.04' };
    const { id: applet } = await call('/applet/new', {
      project,
      name: 'a',
      dxapi: '1.0.0',
      runSpec: { ...runSpec, version: '0' },
    });
    for (const _ of [1, 2]) await call(`/${applet}/run`, { project, input: {} });
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await start(data);
    expect(second.errors()).toMatch(/^espalier: Executions of an earlier start go on: 2 \(.*\)\.$/m);
    expect(second.lines).toEqual([`ready ${second.url}`]);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    expect(processesOf(data)).toEqual([]);
  });

  it('doctor makes no data folder', async () => {
    const data = join(folder, 'nowhere/data');
    const { code, stdout } = await espalier('doctor', '--data', data, '--port', '0');
    expect(code, stdout).toBe(0);
    expect(readdirSync(folder)).not.toContain('nowhere');
  });
});
