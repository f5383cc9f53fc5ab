// The embedded platform in this process: what one job leaves is gone before the next one of the same worker, jobs that
// wait for jobs below them end, and what was acknowledged is there after the end of the process.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startEmbedded } from '../../embedded/platform.ts';
import { pathIn } from '../../machine/data-folder.ts';
import type { Platform } from '../../machine/platform.ts';

let data: string;
let platform: Platform;
let token: string;
const faults: string[] = [];

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'espalier-embedded-'));
  faults.length = 0;
  await start();
  token = (await platform.operator.ask({ action: 'addUser', name: 'ann' })).token;
});
afterEach(async () => {
  await platform.close();
  rmSync(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  expect(faults).toEqual([]);
});

async function start(): Promise<void> {
  platform = await startEmbedded({
    dataFolder: data,
    port: 0,
    workers: 1,
    durability: 'disk',
    region: 'aws:us-east-1',
    environment: process.env,
    report: (what, fault) => faults.push(`${what}: ${fault}`),
    say: () => undefined,
  });
}

async function call(path: string, body: object): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const reply = await fetch(`${platform.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = (await reply.json()) as Record<string, unknown>;
  if (!reply.ok) throw new Error(JSON.stringify(answer));
  return answer;
}

/** Makes an applet with that code, which may take a text `of` and return one in `t`. */
async function givenApplet(code: string, interpreter = 'bash'): Promise<{ applet: string; project: string }> {
  const { id: project } = await call('/project/new', { name: 'p' });
  const { id } = await call('/applet/new', {
    project,
    dxapi: '1.0.0',
    name: 'a',
    inputSpec: [{ name: 'of', class: 'string', optional: true }],
    outputSpec: [{ name: 't', class: 'string', optional: true }],
    runSpec: { interpreter, code, distribution: 'Ubuntu', release: '24.04', version: '0' },
  });
  return { applet: String(id), project: String(project) };
}

async function run({ applet, project }: { applet: string; project: string }, input: object = {}): Promise<string> {
  return String((await call(`/${applet}/run`, { project, input })).id);
}

async function ended(job: string): Promise<Record<string, unknown>> {
  for (;;) {
    const found = await call(`/${job}/describe`, {});
    if (['done', 'failed', 'terminated'].includes(String(found.state))) return found;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

test('what a job leaves is gone before the next job of the same worker', { timeout: 60_000 }, async () => {
  const applet = await givenApplet(`
main() {
  found=""
  for path in ~/left "$TMPDIR/left" "$ESPALIER_ROOT/left"; do [ ! -e "$path" ] || found="$found $path"; done
  [ -z "\${LEFT:-}" ] || found="$found LEFT"
  ! pgrep -f 'sleep 7[2]9' >/dev/null || found="$found process"
  mkdir -p ~/left "$TMPDIR/left" "$ESPALIER_ROOT/left"
  export LEFT=1
  (setsid sleep 729 >/dev/null 2>&1 &)
  echo "{\\"t\\": \\"\${found:-nothing} of $PPID\\"}" > job_output.json
}`);
  const first = await ended(await run(applet));
  const second = await ended(await run(applet));
  expect([first.state, second.state, first.failureMessage]).toEqual(['done', 'done', undefined]);
  for (const { output } of [first, second]) expect((output as { t: string }).t).toMatch(/^nothing of/);
});

test('a job finds no file of an earlier job in another language', { timeout: 60_000 }, async () => {
  const inBash = await givenApplet(
    `main() { echo "{\\"t\\": \\"$of in $(ls ~ | wc -l) files\\"}" > job_output.json; }`,
  );
  const inPython = await givenApplet(
    `import dxpy, os
@dxpy.entry_point("main")
def main(of):
    found = " ".join(sorted(name for name in os.listdir() if "job-" not in name))
    return {"t": "%s in %s" % (of, found)}
dxpy.run()`,
    'python3',
  );
  const texts: unknown[] = [];
  for (const [applet, of] of [
    [inBash, 'first'],
    [inPython, 'second'],
    [inBash, 'third'],
  ] as const) {
    const { output } = await ended(await run(applet, { of }));
    texts.push((output as { t: string } | null)?.t);
  }
  expect(texts).toEqual([
    'first in 5 files',
    'second in dnanexus-executable.json dnanexus-job.json job_error_reserved_space job_input.json',
    'third in 5 files',
  ]);
});

test('two jobs that wait for jobs below them end on one worker', { timeout: 60_000 }, async () => {
  const applet = await givenApplet(`
main() {
  child=$(dx-jobutil-new-job leaf)
  dx wait "$child"
}
leaf() { true; }`);
  const jobs = [await run(applet), await run(applet)];
  for (const job of jobs) expect(await ended(job)).toMatchObject({ state: 'done' });
});

test('a process of an earlier platform is ended by the next start', { timeout: 60_000 }, async () => {
  await platform.close();
  const left = spawn('sleep', ['600'], { env: { ...process.env, ESPALIER_TASK_ID: 'left-behind' }, stdio: 'ignore' });
  const ended = once(left, 'exit');
  const file = new DatabaseSync(pathIn(data, 'rows'));
  file.prepare("INSERT INTO process (taskId, handle) VALUES ('left-behind', NULL)").run();
  file.close();
  await start();
  expect(await ended).toEqual([null, 'SIGKILL']);
});

test('jobs that have not ended go on at the next start', { timeout: 60_000 }, async () => {
  const applet = await givenApplet('main() { sleep 1; echo \'{"t": "late"}\' > job_output.json; }');
  const jobs = [await run(applet), await run(applet)];
  await platform.close();
  await start();
  for (const job of jobs) expect(await ended(job)).toMatchObject({ state: 'done', output: { t: 'late' } });
});

test('users and tokens of a version that kept no lists of them are listed', { timeout: 60_000 }, async () => {
  await platform.operator.ask({ action: 'addUser', name: 'bob' });
  await platform.close();
  const file = new DatabaseSync(pathIn(data, 'rows'));
  file.exec("DELETE FROM identities WHERE pk = 'users' OR sk LIKE 'T#%'");
  file.close();
  await start();
  const { users } = await platform.operator.ask({ action: 'listUsers' });
  expect(users.map(({ name }) => name)).toEqual(['ann', 'bob']);
  const { tokens } = await platform.operator.ask({ action: 'listTokens', name: 'ann' });
  expect(tokens.map(({ label }) => label)).toEqual(['espalier user add']);
  const [{ id } = { id: '' }] = tokens;
  await platform.operator.ask({ action: 'revokeToken', name: 'ann', token: id });
  await expect(call('/system/whoami', {})).rejects.toThrow('InvalidAuthentication');
});
