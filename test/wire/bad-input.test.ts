// Sends invalid requests and lets jobs report nonsense, against the platform as it is deployed. Each must get an error
// of docs/reference/api.md, "Errors" with a message and no change of state, never an internal error.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { givenPlatform, givenSession, type Platform, runtimeFlags, type Session } from './session.ts';

const endLimitMs = 60_000;
const pollMs = 200;
const strangersId = 'B'.repeat(24);

let platform: Platform;
let session: Session;
let token: string;
let project: string;

beforeAll(async () => {
  platform = await givenPlatform();
  session = await givenSession(platform);
  token = JSON.parse(session.environment.DX_SECURITY_CONTEXT ?? '{}').auth_token;
  project = session.environment.DX_PROJECT_CONTEXT_ID ?? '';
});
afterAll(async () => {
  session?.close();
  await platform?.stop();
});

type Answer = {
  readonly status: number;
  readonly body: { [name: string]: unknown; readonly error?: { readonly type: string; readonly message: string } };
};

/** Sends a request as text, so that it need not be JSON. */
async function send(path: string, body: string, headers: Record<string, string> = {}): Promise<Answer> {
  const all = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers };
  const response = await fetch(`${platform.url}${path}`, { method: 'POST', headers: all, body });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

async function must(path: string, input: object | string): Promise<Record<string, unknown>> {
  const { status, body } = await send(path, typeof input === 'string' ? input : JSON.stringify(input));
  if (status !== 200) throw new Error(`${path}: ${JSON.stringify(body)}`);
  return body;
}

async function givenApplet(code: string): Promise<string> {
  const runSpec = { interpreter: 'bash', code, distribution: 'Ubuntu', release: '24.04', version: '0' };
  return String((await must('/applet/new', { project, name: 'a', dxapi: '1.0.0', runSpec })).id);
}

async function untilEnded(job: unknown): Promise<Record<string, unknown>> {
  for (const deadline = Date.now() + endLimitMs; Date.now() < deadline; ) {
    const described = await must(`/${job}/describe`, {});
    if (['done', 'failed', 'terminated'].includes(String(described.state))) return described;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Error(`${job} did not end within ${endLimitMs} ms`);
}

describe('an invalid request is refused', () => {
  it.each<[string, string, string, Record<string, string>, string]>([
    ['text that is not JSON', '/system/whoami', '{', {}, '400 MalformedJSON'],
    ['an empty body', '/system/whoami', '', {}, '400 MalformedJSON'],
    ['another content type', '/system/whoami', '{}', { 'content-type': 'text/plain' }, '400 MalformedJSON'],
    ['an array instead of a hash', '/system/whoami', '[]', {}, '422 InvalidInput'],
    ['endless nesting', '/system/whoami', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, {}, '422 InvalidInput'],
    ['half a character', '/system/findDataObjects', '{"name":"\\ud800"}', {}, '422 InvalidInput'],
    ['five megabytes', '/system/whoami', JSON.stringify({ a: 'x'.repeat(5_000_000) }), {}, '422 InvalidInput'],
    ['an unknown route', '/system/__proto__', '{}', {}, '404 ResourceNotFound'],
    ['a malformed id', '/file-xxx/describe', '{}', {}, '404 ResourceNotFound'],
    ['an unknown project', `/project-${strangersId}/describe`, '{}', {}, '404 ResourceNotFound'],
    ['an unknown workspace', `/container-${strangersId}/listFolder`, '{}', {}, '404 ResourceNotFound'],
    ['a missing token', '/system/whoami', '{}', { authorization: '' }, '401 InvalidAuthentication'],
    ['an unknown token', '/system/whoami', '{}', { authorization: 'Bearer AAAA' }, '401 InvalidAuthentication'],
    [
      'a forged token of a job',
      '/job/new',
      '{}',
      { authorization: `Bearer job-${strangersId}.0.${'a'.repeat(43)}` },
      '401 InvalidAuthentication',
    ],
    [
      'a guessed nonce of a worker',
      '/_worker/claim',
      `{"job":"job-${strangersId}","try":0,"launch":0,"nonce":"x","task":"t"}`,
      {},
      '404 ResourceNotFound',
    ],
    ['a user who acts as a worker', '/_worker/finish', '{"output":{}}', {}, '401 PermissionDenied'],
  ])('%s', async (_, path, body, headers, expected) => {
    const answer = await send(path, body, headers);
    expect(`${answer.status} ${answer.body.error?.type}`).toBe(expected);
    expect(answer.body.error?.message.length).toBeGreaterThan(20);
    expect(answer.body.error?.message.length).toBeLessThan(700);
  });

  it('a request of 7.5 MB by the client of Python', async () => {
    const { stdout } = await session.python(
      "import dxpy\ntry:\n  dxpy.api.system_whoami({'x': 'a' * 7500000})\nexcept Exception as error: print(type(error).__name__, error)",
    );
    // API Gateway answers before the platform could (docs/limits.md, "Requests and data").
    if (runtimeFlags.length > 0) expect(stdout).toMatch(/HTTPErrorWithContent.*413/);
    else expect(stdout).toMatch(/^InvalidInput The request body has 7500\d+ bytes; at most 4194304 are accepted/);
  });

  it('tags, types or properties that exceed a row are refused with the limit, and nothing is made', async () => {
    const count = async () => ((await must(`/${project}/listFolder`, {})).objects as unknown[]).length;
    const before = await count();
    const tags = Array.from({ length: 900 }, (_, index) => `${index}-${'t'.repeat(900)}`);
    for (const [path, input] of [
      ['/record/new', { project, tags }],
      ['/record/new', { project, types: tags }],
      [
        '/record/new',
        { project, properties: Object.fromEntries(tags.map((tag) => [tag.slice(0, 8), 'v'.repeat(900)])) },
      ],
      ['/project/new', { name: 'large', tags }],
    ] as const) {
      const { status, body } = await send(path, JSON.stringify(input));
      expect([status, body.error?.type]).toEqual([422, 'InvalidInput']);
      expect(body.error?.message).toContain('at most 100000 are allowed');
    }
    expect(await count()).toBe(before);
  });
});

describe('names are data', () => {
  it.each(['__proto__', 'constructor', 'toString', '~constructor'])(
    '%s may be a property, tag, folder and detail',
    async (key) => {
      const text = `{"project":"${project}","name":"${key}","folder":"/${key}","parents":true,"close":true,"tags":["${key}"],"properties":{"${key}":"v"},"details":{"${key}":{"a":1}}}`;
      const { id } = await must('/record/new', text);
      const described = await must(`/${id}/describe`, {
        fields: { name: true, tags: true, properties: true, details: true },
      });
      expect(described).toMatchObject({ name: key, tags: [key] });
      expect(Object.entries(described.properties as object)).toEqual([[key, 'v']]);
      expect(Object.entries(described.details as object)).toEqual([[key, { a: 1 }]]);
      const search = `{"scope":{"project":"${project}"},"properties":{"${key}":"v"}}`;
      expect((await must('/system/findDataObjects', search)).results).toHaveLength(1);
      await must(`/${id}/setProperties`, `{"project":"${project}","properties":{"${key}":null}}`);
      expect((await must(`/${id}/describe`, { fields: { properties: true } })).properties).toEqual({});
    },
  );

  it('special keys, shell words and control characters of an input arrive unchanged', async () => {
    const applet = await givenApplet('cp job_input.json job_output.json');
    const input = `{"__proto__":"v","constructor":1,"a b; $(id)":"\`id\`","-n":"-rf\\n'; exit 7","PATH":"/nowhere","z":"\\u0000\\u001b"}`;
    const { id } = await must(`/${applet}/run`, `{"project":"${project}","input":${input}}`);
    const { state, output } = await untilEnded(id);
    expect(state).toBe('done');
    expect(Object.entries(output as object).sort()).toEqual(Object.entries(JSON.parse(input)).sort());
  });
});

describe('a nonce', () => {
  it('makes twenty simultaneous calls create one object or job, which is listed once', async () => {
    const applet = await givenApplet('true');
    for (const [path, input] of [
      ['/file/new', { project, name: 'n', nonce: 'race' }],
      [`/${applet}/run`, { project, input: {}, nonce: 'race' }],
    ] as const) {
      const made = await Promise.all(Array.from({ length: 20 }, () => must(path, input)));
      expect(new Set(made.map(({ id }) => id)).size).toBe(1);
      const other = await send(path, JSON.stringify({ ...input, name: 'another' }));
      expect(other.body.error).toMatchObject({
        type: 'InvalidInput',
        message: expect.stringContaining('Nonce was reused'),
      });
    }
    const { results } = await must('/system/findExecutions', { project, executable: applet });
    expect(results).toHaveLength(1);
  });
});

describe('a job that reports nonsense fails by its own fault, with the reason', () => {
  const print = (program: string, file = 'job_output.json') => `python3 -c "${program}" > ${file}`;
  it.each([
    [
      'an output that nests too deep',
      print(`print('{\\"a\\":' + '[' * 70 + ']' * 70 + '}')`),
      'OutputError',
      '64 levels',
    ],
    [
      'an output that is too large',
      print(`print('{\\"a\\":\\"' + 'x' * 2000000 + '\\"}')`),
      'OutputError',
      'put large results into a file',
    ],
    [
      'an output that grows when it is parsed',
      print(`print('{\\"a\\":[' + '1e20,' * 600000 + '1]}')`),
      'OutputError',
      'put large results into a file',
    ],
    ['half a character in the output', `echo '{"a":"\\ud800"}' > job_output.json`, 'OutputError', 'surrogate'],
    [
      'a whole number that would become another one',
      `echo '{"a":9007199254740993}' > job_output.json`,
      'OutputError',
      'the number 9007199254740993 (key "a") would become 9007199254740992: pass it as a string',
    ],
    ['a pipe instead of an output file', 'mkfifo job_output.json', 'OutputError', 'not a regular file'],
    [
      'half a character in the error message',
      `echo '{"error":{"type":"AppError","message":"x\\ud800"}}' > job_error.json; exit 1`,
      'AppError',
      'x',
    ],
  ])('%s', async (_, code, reason, message) => {
    const { id } = await must(`/${await givenApplet(code)}/run`, { project, input: {} });
    const job = await untilEnded(id);
    expect(job).toMatchObject({
      state: 'failed',
      failureReason: reason,
      failureMessage: expect.stringContaining(message),
    });
  });

  it('a job fails when references would make its input too large', async () => {
    const source = await must(`/${await givenApplet(print(`print('{\\"a\\":\\"' + 'x' * 900000 + '\\"}')`))}/run`, {
      project,
      input: {},
    });
    const many = Array.from({ length: 5_000 }, () => ({ $dnanexus_link: { job: source.id, field: 'a' } }));
    const { id } = await must(`/${await givenApplet('true')}/run`, { project, input: { many } });
    const job = await untilEnded(id);
    expect(job).toMatchObject({
      state: 'failed',
      failureReason: 'InputError',
      failureMessage: expect.stringContaining('1048576 bytes'),
    });
  });
});
