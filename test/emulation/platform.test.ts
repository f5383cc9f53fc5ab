// Tests the commands as a user types them: start, end, kill, start again, refusals.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { given } from '../../core/given.ts';
import { eventually, givenTemporaryFolder } from '../machine/temporary-folder.ts';

const folder = givenTemporaryFolder();
const program = join(import.meta.dirname, '..', '..', 'cli', 'espalier.ts');
/** The lines that a first start prints about its preparation. */
const makingNotices = /^espalier: (Making|Another process is making) .*\n/gm;
/** A first start synthesizes, and installs dxpy if the cache lacks it. */
const startLimitMs = 180_000;

type Run = {
  readonly child: ChildProcess;
  readonly lines: string[];
  errors(): string;
  readonly ended: Promise<number | null>;
};
const running = new Set<Run>();

function run(parameters: readonly string[], environment: NodeJS.ProcessEnv = {}): Run {
  const child = spawn(process.execPath, [program, ...parameters], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, USER: 'ada', ...environment },
  });
  const lines: string[] = [];
  let errors = '';
  const input = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  input.on('line', (line) => lines.push(line));
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const made = { child, lines, errors: () => errors, ended };
  running.add(made);
  void ended.then(() => running.delete(made));
  return made;
}

async function start(data: string, ...more: string[]): Promise<Run & { url: string }> {
  const started = run(['start', '--as-deployed', '--data', data, '--port', '0', ...more]);
  const ready = new Promise<string>((resolve) => {
    const timer = setInterval(() => {
      const line = started.lines.find((text) => text.startsWith('ready '));
      if (line) {
        clearInterval(timer);
        resolve(line.slice('ready '.length));
      }
    }, 10);
    void started.ended.then(() => clearInterval(timer));
  });
  const failed = started.ended.then((code) => {
    throw new Error(`ended with ${code}: ${started.errors()}`);
  });
  failed.catch(() => undefined);
  return { ...started, url: await Promise.race([ready, failed]) };
}

async function finish(parameters: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const { ended, lines, errors } = run(parameters, environment);
  return { code: await ended, lines, errors: errors() };
}

async function post(url: string, path: string, token?: string) {
  const authorization = given({ authorization: token && `Bearer ${token}` });
  const headers = { 'content-type': 'application/json', ...authorization };
  const response = await fetch(url + path, { method: 'POST', headers, body: '{}' });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** The token that a first start or `user add` prints. */
function tokenIn(lines: readonly string[]): string | undefined {
  return lines.find((line) => line.startsWith('token '))?.slice('token '.length);
}

/** Database processes that serve a file of this data folder. */
function databasesOf(data: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const isEngine = readlinkSync(`/proc/${pid}/exe`).endsWith('/dynoxide');
        return isEngine && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(data);
      } catch {
        return false;
      }
    });
}

/** The PATH of a user who has a `dx`. */
const pathWithDx = `${folder}/bin:${process.env.PATH}`;
beforeAll(() => {
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'dx'), '', { mode: 0o755 });
});

afterEach(async () => {
  const left = [...running];
  for (const { child } of left) child.kill('SIGKILL');
  await Promise.all(left.map(({ ended }) => ended));
});

describe('a platform', { timeout: startLimitMs }, () => {
  it('prints its first user and one ready line, and then serves', async () => {
    const { url, lines, child, ended, errors } = await start(join(folder, 'first'));
    const [user, password, token, terminal, ready] = lines;
    expect({ user, terminal, ready, lineCount: lines.length }).toEqual({
      user: 'user user-ada',
      terminal: `terminal eval "$(${join(import.meta.dirname, '../../bin/espalier.js')} env --data ${join(folder, 'first')})"`,
      ready: `ready ${url}`,
      lineCount: 5,
    });
    expect(password).toMatch(/^password \S{12,}$/);
    expect(token).toMatch(/^token \S{40,}$/);
    expect((await post(url, '/system/greet')).status).toBe(200);
    expect(await post(url, '/system/whoami', tokenIn(lines))).toEqual({ status: 200, body: { id: 'user-ada' } });
    expect((await post(url, '/system/whoami')).status).toBe(401);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(errors().replace(makingNotices, '')).toBe(
      'espalier: The platform ends (SIGINT). Jobs that have not ended go on at the next start.\n' +
        'espalier: The platform has ended.\n',
    );
    expect(databasesOf(join(folder, 'first'))).toEqual([]);
  });

  it('serves again after SIGKILL with its data, and leaves no database process behind', async () => {
    const data = join(folder, 'killed');
    const first = await start(data);
    const token = tokenIn(first.lines);
    first.child.kill('SIGKILL');
    await first.ended;
    await eventually('the database ends with its platform', () => databasesOf(data).length === 0);
    const second = await start(data);
    expect(second.lines).toHaveLength(1);
    expect((await post(second.url, '/system/whoami', token)).body).toEqual({ id: 'user-ada' });
  });

  it('continues after its database was killed', async () => {
    const data = join(folder, 'database');
    const { url, lines } = await start(data);
    const token = tokenIn(lines);
    const [database] = databasesOf(data);
    process.kill(database as number, 'SIGKILL');
    await eventually('another database', () => databasesOf(data).some((pid) => pid !== database));
    await eventually('an answer', async () => (await post(url, '/system/whoami', token)).status === 200);
  });

  it('is awaited by env when both commands are pasted together', async () => {
    const data = join(folder, 'pasted');
    const [started, exports] = await Promise.all([start(data), finish(['env', '--data', data])]);
    expect(exports).toMatchObject({
      code: 0,
      lines: expect.arrayContaining([expect.stringMatching(/^export DX_SEC/)]),
    });
    expect(exports.lines.join('\n')).toContain(`DX_APISERVER_PORT='${new URL(started.url).port}'`);
    expect(exports.errors).toMatch(
      /^espalier: A platform is starting on the data folder .*: waiting until it is ready\.\n$/,
    );
  });

  it('keeps others out of its folder, its socket and its port', async () => {
    const data = join(folder, 'locked');
    const { url } = await start(data);
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(statSync(join(data, 'control.sock')).mode & 0o777).toBe(0o600);
    const other = await finish(['start', '--as-deployed', '--data', data, '--port', '0']);
    expect(other).toMatchObject({ code: 1, lines: [] });
    expect(other.errors).toBe(
      `espalier: Another platform runs on the data folder ${data}: end it, or choose another with --data.\n`,
    );
    const port = new URL(url).port;
    const third = await finish(['start', '--as-deployed', '--data', join(folder, 'third'), '--port', port]);
    expect(third.errors).toBe(
      `espalier: The port ${port} is taken: choose another with --port, or --port 0 for any.\n`,
    );
    expect(databasesOf(join(folder, 'third'))).toEqual([]);
  });
});

describe('the commands beside a platform', { timeout: startLimitMs }, () => {
  const data = join(folder, `commands-${'x'.repeat(100)}`);
  let platform: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    platform = await start(data, '--workers', '1');
    running.delete(platform);
    for (const one of running) if (one.child === platform.child) running.delete(one);
  }, startLimitMs);
  afterAll(async () => {
    platform.child.kill('SIGKILL');
    await platform.ended;
  });

  it('env prints variables for the shell with a valid token, which is new each time', async () => {
    const first = await finish(['env', '--data', data], { PATH: pathWithDx });
    const second = await finish(['env', '--data', data]);
    const script = `${first.lines.join('\n')}\nprintf '%s' "$DX_SECURITY_CONTEXT"`;
    const context = await shell(script);
    const { auth_token: token } = JSON.parse(context) as { auth_token: string };
    expect((await post(platform.url, '/system/whoami', token)).body).toEqual({ id: 'user-ada' });
    expect(first.lines.map((line) => line.replace(/=.*/, ''))).toEqual([
      'export DX_APISERVER_PROTOCOL',
      'export DX_APISERVER_HOST',
      'export DX_APISERVER_PORT',
      'export DX_AUTHSERVER_HOST',
      'export DX_AUTHSERVER_PORT',
      'export DX_SECURITY_CONTEXT',
      'export DX_USERNAME',
      'export DX_PROJECT_CONTEXT_ID',
    ]);
    expect(second.lines).not.toEqual(first.lines);
  });

  it('user add prints a password and a token, and refuses a taken name', async () => {
    const { lines } = await finish(['user', 'add', 'bob', '--data', data]);
    expect(lines.slice(0, 2)).toEqual(['user user-bob', expect.stringMatching(/^password \S+$/)]);
    expect((await post(platform.url, '/system/whoami', tokenIn(lines))).body).toEqual({ id: 'user-bob' });
    const again = await finish(['user', 'add', 'bob', '--data', data]);
    expect(again).toMatchObject({ code: 1, errors: 'espalier: User "bob" exists already\n' });
  });

  it('explain their options with --help, and start lists the services that may be elsewhere', async () => {
    const { code, lines } = await finish(['start', '--help']);
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^Usage: espalier start \[--port N\]/);
    for (const name of ['S3', 'SQS', 'DYNAMODB']) expect(lines.join('\n')).toContain(`AWS_ENDPOINT_URL_${name} `);
    expect((await finish(['env', '--help'])).lines[0]).toBe('Usage: espalier env [--data DIR] [--user NAME]');
  });

  it('refuse an unknown user, and a folder without a platform', async () => {
    expect((await finish(['env', '--user', 'eve', '--data', data])).errors).toContain('There is no user "eve"');
    const nowhere = join(folder, 'nowhere');
    const { code, errors } = await finish(['env', '--data', nowhere]);
    expect(code).toBe(1);
    expect(errors).toContain(`No platform runs on the data folder ${nowhere}`);
  });
});

describe('a start that is refused', { timeout: startLimitMs }, () => {
  const givenFolder = (name: string, version: string) => {
    const data = join(folder, name);
    mkdirSync(data);
    writeFileSync(join(data, 'version'), version);
    return data;
  };

  it.each([
    [
      'a data folder of a newer version',
      () => ['--data', givenFolder('newer', '99')],
      {},
      /has version 99, and this program reads version \d+/,
    ],
    ['a data folder of an unknown version', () => ['--data', givenFolder('odd', 'x')], {}, /unknown version "x"/],
    [
      'a data folder of an earlier version',
      () => ['--data', givenFolder('old', '1')],
      {},
      /has version 1, and this program reads version \d+: choose another with --data, or use the program that made it/,
    ],
    ['a missing Python', () => [], { ESPALIER_PYTHON: '/bin/false' }, /ESPALIER_PYTHON names \/bin\/false/],
    [
      'a port that is not a number',
      () => ['--port', 'many'],
      {},
      /--port must be a whole number from 0 to 65535, not "many"/,
    ],
    [
      'a service that must be on this machine',
      () => [],
      { AWS_ENDPOINT_URL_SFN: 'http://127.0.0.1:1' },
      /^espalier: AWS_ENDPOINT_URL_SFN cannot be honoured, because .* \(these are honoured: AWS_ENDPOINT_URL_DYNAMODB, .*\)/,
    ],
    [
      'a service that does not answer at its address',
      () => [],
      { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' },
      /^espalier: The bucket \S+ could not be created at http:\/\/127\.0\.0\.1:1 \(AWS_ENDPOINT_URL_S3\): connect ECONNREFUSED/,
    ],
    ['zero workers', () => ['--workers', '0'], {}, /--workers must be/],
    ['an option of the other runtime', () => ['--durability', 'disk'], {}, /leave it out with --as-deployed/],
  ])('for %s gives the reason in one sentence', async (_what, parameters, environment, message) => {
    const given = parameters();
    const data = given.includes('--data') ? [] : ['--data', join(folder, 'other')];
    const {
      code,
      lines,
      errors: told,
    } = await finish(['start', '--as-deployed', ...data, '--port', '0', ...given], environment);
    const errors = told.replace(makingNotices, '');
    expect(errors).toMatch(message);
    expect(errors.trim().split('\n')).toHaveLength(1);
    expect({ code, lines }).toEqual({ code: 1, lines: [] });
    expect(existsSync(join(folder, 'other'))).toBe(false);
  });
});

async function shell(script: string): Promise<string> {
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
