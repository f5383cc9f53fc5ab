// Tests the messages of refusals: they name the key, the allowed values and the found value. They are short, and do not
// contain control characters.

import { beforeEach, describe, expect, test } from 'vitest';
import { givenClient, givenPlatform, givenProject, type Platform } from './given.ts';

let platform: Platform;
let project: string;
beforeEach(async () => {
  platform = await givenPlatform();
  project = await givenProject(platform.alice);
});

describe('the message about an input of the wrong form', () => {
  test.each<[string, object, string]>([
    ['/project/new', {}, 'key "name" of input to be a string, and it is missing'],
    [
      '/project/new',
      { name: 'n', tags: 'x'.repeat(5_000) },
      'key "tags" of input to be an array, not a text of 5000 bytes',
    ],
    [
      '/project/new',
      { name: 'n', tags: ['a', ''] },
      'key "tags.1" of input to be text of 1 to 1000 bytes in UTF-8, without the character U+0000, not ""',
    ],
    [
      '/project/new',
      { name: 'n', properties: { a: 'b', c: null } },
      'key "properties.c" of input to be a string, not null',
    ],
    [
      '/project/new',
      { name: 'n', properties: { '': 'b' } },
      'key "properties" of input to have keys of text of 1 to 1000 bytes',
    ],
    [
      '/project/new',
      { name: 'n', monthlyComputeLimit: -1 },
      'key "monthlyComputeLimit" of input to be 0, or at least 0.000001, not -1',
    ],
    [
      '/project/new',
      { name: 'n', monthlyStorageLimit: 2 ** 60 },
      'key "monthlyStorageLimit" of input to be at most 9007199254740991',
    ],
    [
      '/project/new',
      { name: 'n', monthlyEgressBytesLimit: 1e-200 },
      'key "monthlyEgressBytesLimit" of input to be 0, or at least 0.000001, not 1e-200',
    ],
    ['/system/findDataObjects', { limit: 1e200 }, 'key "limit" of input to be at most 1000, not 1e+200'],
    [
      '/project/new',
      { name: 'n', defaultInstanceType: 'big' },
      'key "defaultInstanceType" of input to be the name of an instance type, such as mem1_ssd1_v2_x4, not "big"',
    ],
    [
      '/project/new',
      { name: 'n', allowedExecutables: ['stats'] },
      'key "allowedExecutables.0" of input to be the id of an applet, app or workflow, not "stats"',
    ],
    [
      '/project/new',
      { name: 'n', drive: 'drive-x', defaultSymlink: null },
      'key "drive" of input to be left out: this platform keeps files in its own storage',
    ],
    [
      '/system/findDataObjects',
      { name: {} },
      'key "name" of input to be a string, {"glob": "…"} or {"regexp": "…"}, not a hash of 0',
    ],
    [
      '/system/findDataObjects',
      { id: [7] },
      'key "id" of input to be a string or an array of at most 1000, not an array of 1',
    ],
    [
      '/system/findDataObjects',
      { class: 'x' },
      'key "class" of input to be one of "record", "file", "applet", "workflow", "database", not "x"',
    ],
    [
      '/system/describeDataObjects',
      { objects: [], classDescribeOptions: { file: 7 } },
      'key "classDescribeOptions.file" of input to be a boolean, or a hash that names fields, not 7',
    ],
    ['/system/findExecutions', { state: 'finished' }, 'key "state" of input to be one of idle, waiting_on_input, '],
    [
      '/system/findExecutions',
      { executable: 'stats' },
      'key "executable" of input to be the id of an applet, app or workflow',
    ],
    ['/system/findExecutions', { launchedBy: 'alice' }, 'key "launchedBy" of input to be "self" or the id of a user'],
    [
      '/system/findExecutions',
      { originJob: ['x'] },
      'key "originJob.0" of input to be the id of a job or an analysis, not "x"',
    ],
    ['/system/newAuthToken', { username: 'x', password: 7 }, 'key "password" of input to be a string'],
  ])('names the key and the allowed values: %s %j', async (path, input, expected) => {
    expect(await platform.alice.refusal(path, input)).toContain(`422 InvalidInput: expected ${expected}`);
  });

  test('does not repeat a password', async () => {
    const refusal = await platform.alice.refusal('/system/newAuthToken', { username: 'x', password: 314_159 });
    expect(refusal).not.toContain('314159');
  });

  test('names each key once, and counts the problems beyond 20', async () => {
    const refusal = await platform.alice.refusal('/system/findDataObjects', { limit: 1e200, state: 'x' });
    expect(refusal.match(/expected key/g)).toHaveLength(2);
    const properties = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, index]));
    expect(await platform.alice.refusal('/project/new', { name: 'n', properties })).toMatch(/; and 30 more$/);
  });
});

describe('the message about an unknown path says what exists instead', () => {
  test.each([
    ['/project-xxxx/archive', 'does not archive data'],
    ['/project-xxxx/transfer', 'invite the other user'],
    ['/user/new', 'espalier user add NAME'],
    ['/job-BBBBBBBBBBBBBBBBBBBBBBBB/getLog', '/job-xxxx/getLog/websocket'],
    ['/database-BBBBBBBBBBBBBBBBBBBBBBBB/describe', 'no databases'],
    ['/dbcluster/new', 'no database clusters'],
    ['/org-lab/describe', 'no organizations yet'],
    ['/file-short/describe', 'an id is file- and 24 letters and digits'],
    ['/project-xxxx/vanish', 'there is no such method'],
    ['/hello-world/describe', 'the path must be /<class or id>/<method>'],
    ['/__proto__/constructor', 'the path must be'],
  ])('%s: %s', async (path, hint) => {
    const refusal = await platform.alice.refusal(path.replace('project-xxxx', project));
    expect(refusal).toMatch(/^404 ResourceNotFound: /);
    expect(refusal).toContain(hint);
  });
});

describe('sent data', () => {
  test.each(['\u001b[2J', 'a\nb', '\u202egnp.exe', '\u0000'])('is printed with escapes: %j', async (text) => {
    const refusal = await platform.alice.refusal(`/${project}/invite`, { invitee: `${text}x`, level: 'VIEW' });
    expect(refusal).toMatch(/^404 ResourceNotFound: ".*\\u[0-9a-f]{4}/);
    expect(refusal).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  test('is cut when it is long', async () => {
    const long = 'k'.repeat(5_000);
    const runSpec = { interpreter: 'bash', code: '', systemRequirements: { [long]: 1 }, timeoutPolicy: { [long]: 1 } };
    const refusal = await platform.alice.refusal('/applet/new', { project, runSpec });
    expect(refusal.length).toBeLessThan(1_400);
    expect(refusal).toContain('k…; ');
  });

  test('is refused when it holds an infinite number', async () => {
    const { context } = platform;
    const endless = JSON.parse('{"a": [{"b": -1e400}]}');
    for (const input of [
      { project, details: endless },
      { project, name: 'x', properties: endless },
    ]) {
      expect(await platform.alice.refusal('/record/new', input)).toMatch(/^422 InvalidInput: .*numbers below 1.8e308/);
    }
    expect(context.rows.all('objects')).toEqual([]);
    expect(await givenClient(context, undefined).refusal('/system/greet', endless)).toMatch(/^422/);
  });
});
