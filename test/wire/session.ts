// Runs the real, unmodified `dx` from PyPI against a platform that is started from the template. It is the judge of
// compatibility.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { preparePythonEnvironment } from '../../machine/python-environment.ts';

/** A cold cache may take less: its Python environment has four minutes. vitest.config.ts gives hooks more. */
const startLimitMs = 330_000;
const commandLimitMs = 120_000;
const stopLimitMs = 20_000;
const outputBytesLimit = 64 * 1024 * 1024;

/** `ESPALIER_TEST_RUNTIME=deployed` runs the same tests on the emulation of the deployed template. */
export const runtimeFlags: readonly string[] =
  process.env.ESPALIER_TEST_RUNTIME === 'deployed' ? ['--as-deployed'] : [];

export type Reply = { readonly code: number; readonly stdout: string; readonly stderr: string };
export type Platform = {
  readonly url: string;
  readonly data: string;
  /** The output of the first start: the first user's name, password and token. */
  readonly printed: string;
  readonly process: ChildProcess;
  espalier(...args: string[]): Promise<Reply>;
  stop(): Promise<void>;
};

/** Starts a platform on a new data folder (or the given one). `stop` ends it and removes the new folder. */
export async function givenPlatform(
  options: {
    data?: string;
    args?: readonly string[];
    environment?: Readonly<Record<string, string>>;
    /** Options of Node itself. Threads get them, too. */
    nodeArgs?: readonly string[];
    readyLimitMs?: number;
    /** The file of the command, if it is another one than that of the checkout, and always embedded. */
    program?: string;
  } = {},
): Promise<Platform> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'espalier-wire-'));
  const command = [
    ...(options.nodeArgs ?? []),
    options.program ?? 'cli/espalier.ts',
    'start',
    '--port',
    '0',
    '--data',
    data,
    ...(options.program === undefined ? runtimeFlags : []),
  ];
  const child = spawn('node', [...command, ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.environment },
  });
  const stop = async () => {
    await end(child);
    if (!options.data) rmSync(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  try {
    const { url, printed } = await ready(child, options.readyLimitMs ?? startLimitMs);
    const run = (...args: string[]) => execute('node', [resolve('cli/espalier.ts'), ...args], { env: process.env });
    return { url, data, printed, process: child, espalier: run, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  await ended;
  clearTimeout(timer);
}

function ready(child: ChildProcess, limitMs: number): Promise<{ url: string; printed: string }> {
  let printed = '';
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`no "ready" in ${limitMs} ms: ${errors}`)), limitMs);
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(new Error(`the platform ended with ${code} before it was ready: ${errors}`));
    });
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const url = /^ready (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1];
      if (!url) printed += `${line}\n`;
      else {
        clearTimeout(timer);
        done({ url, printed });
      }
    });
  });
}

export type CommandOptions = {
  readonly input?: string;
  readonly env?: Record<string, string>;
  readonly without?: readonly string[];
};
export type Session = {
  /** The HOME of this session, which is also the working directory of its commands. */
  readonly home: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Runs `dx ARGS`. The command reads `input`. */
  dx(args: readonly string[], options?: CommandOptions): Promise<Reply>;
  /** Runs a command that must exit 0, and returns its standard output without the last line break. */
  ok(args: readonly string[], options?: CommandOptions): Promise<string>;
  /** Runs a Python program with dxpy. */
  python(program: string): Promise<Reply>;
  /** Sends a POST to the API with the session's own token. */
  api(path: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  file(name: string, content: string | Buffer): string;
  close(): void;
};

/** A user at a terminal with the variables of `espalier env` and a fresh HOME. */
export async function givenSession(platform: Platform, options: { user?: string } = {}): Promise<Session> {
  const home = mkdtempSync(join(tmpdir(), 'espalier-home-'));
  const tools = join((await preparePythonEnvironment()).bin);
  const printed = await platform.espalier(
    'env',
    '--data',
    platform.data,
    ...(options.user ? ['--user', options.user] : []),
  );
  if (printed.code !== 0) throw new Error(`espalier env: ${printed.stderr}`);
  const environment: Record<string, string> = {
    HOME: home,
    PATH: `${tools}:/usr/local/bin:/usr/bin:/bin`,
    LANG: 'C.UTF-8',
    PYTHONWARNINGS: 'ignore',
    ...(await evaluate(printed.stdout)),
  };
  const dx: Session['dx'] = (args, extra = {}) => {
    const all = Object.entries({ ...environment, ...extra.env });
    const env = Object.fromEntries(all.filter(([name]) => !extra.without?.includes(name)));
    return execute(join(tools, 'dx'), args, { cwd: home, env, input: extra.input ?? '' });
  };
  return {
    home,
    environment,
    dx,
    ok: async (args, extra) => {
      const reply = await dx(args, extra);
      if (reply.code !== 0) throw new Error(`dx ${args.join(' ')} → ${reply.code}\n${reply.stdout}\n${reply.stderr}`);
      return reply.stdout.replace(/\n$/, '');
    },
    python: (program) => execute(join(tools, 'python3'), ['-c', program], { cwd: home, env: environment }),
    api: async (path, body) => {
      const token = JSON.parse(environment.DX_SECURITY_CONTEXT ?? '{}').auth_token;
      const response = await fetch(`${platform.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    file: (name, content) => {
      const path = join(home, name);
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, content);
      return path;
    },
    close: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** Evaluates `export` lines in a shell. */
async function evaluate(lines: string): Promise<Record<string, string>> {
  const reply = await execute('bash', ['-c', `${lines}\nenv -0`], { env: { PATH: process.env.PATH ?? '' } });
  const pairs = reply.stdout.split('\0').filter((pair) => pair.startsWith('DX_'));
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

export function execute(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env: NodeJS.ProcessEnv; input?: string },
): Promise<Reply> {
  return new Promise((done) => {
    const settings = { timeout: commandLimitMs, maxBuffer: outputBytesLimit, cwd: options.cwd, env: options.env };
    const child = execFile(program, [...args], settings, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
      done({ code, stdout, stderr });
    });
    child.stdin?.end(options.input ?? '');
  });
}

type AppletSource = {
  code: string;
  interpreter?: 'bash' | 'python3';
  runSpec?: object;
  [field: string]: unknown;
};

/** Writes an applet's folder and builds it with `dx build`, in place of one of that name. Returns the applet's id. */
export async function givenBuilt(
  session: Session,
  name: string,
  applet: AppletSource,
  ...options: string[]
): Promise<string> {
  givenApplet(session, name, applet);
  return JSON.parse(await session.ok(['build', name, '-f', ...options])).id;
}

/** Writes an applet's folder into the session's HOME: its dxapp.json and one source file. */
export function givenApplet(session: Session, name: string, applet: AppletSource): string {
  const { code, interpreter = 'bash', runSpec, ...rest } = applet;
  const file = interpreter === 'bash' ? 'src/code.sh' : 'src/code.py';
  const platform = { distribution: 'Ubuntu', release: '24.04', version: '0' };
  const dxapp = { name, dxapi: '1.0.0', runSpec: { interpreter, file, ...platform, ...runSpec }, ...rest };
  session.file(`${name}/dxapp.json`, JSON.stringify(dxapp));
  session.file(`${name}/${file}`, code);
  return name;
}

export function givenExample(session: Session, name: string): string {
  cpSync(join('examples', name), join(session.home, name), { recursive: true });
  return name;
}

export const md5 = (bytes: string | Buffer): string => createHash('md5').update(bytes).digest('hex');
export const readBytes = (session: Session, name: string): Buffer => readFileSync(join(session.home, name));
