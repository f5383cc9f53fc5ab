// Tests every route that users and jobs call, through dxpy: a valid request and a check of its answer. The table of
// routes gives the list.

import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { matchRoute } from '../../api/match.ts';
import { routes, workerRoutes } from '../../api/routes.ts';
import { execute } from './session.ts';
import { platform, session, useSession } from './shared-session.ts';

useSession();
beforeAll(async () => {
  await platform.espalier('user', 'add', 'other', '--data', platform.data);
});

it('every route of the table gives the expected answer to a valid request', async () => {
  const handle = /^user\s+user-(\S+)/m.exec(platform.printed)?.[1] ?? '';
  const password = /^password\s+(\S+)/m.exec(platform.printed)?.[1] ?? '';
  for (const name of ['every-route.py', 'every-workspace-route.py']) {
    session.file(name, readFileSync(new URL(name, import.meta.url)));
  }
  const reply = await execute('python3', ['every-route.py', password, handle], {
    cwd: session.home,
    env: session.environment,
  });
  expect(reply.code, reply.stdout + reply.stderr).toBe(0);
  const paths: string[] = JSON.parse(reply.stdout.trim().split('\n').at(-1) ?? '[]');
  const called = new Set(paths.map((path) => matchRoute(routes, path).route.path));
  const table = routes.filter((route) => !workerRoutes.includes(route)).map((route) => route.path);
  expect(table.filter((path) => !called.has(path))).toEqual([]);
});
