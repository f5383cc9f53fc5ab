// Tests assets through the real client: what `dx build_asset` is answered, and the way that the answer names.

import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { givenBuilt, givenPlatform, givenSession, type Platform, type Session } from './session.ts';

let platform: Platform;
let session: Session;
beforeAll(async () => {
  platform = await givenPlatform();
  session = await givenSession(platform);
});
afterAll(async () => {
  session?.close();
  await platform?.stop();
});

it('dx build_asset fails with the way that works, and leaves nothing in the project', async () => {
  const spec = { name: 'tool', title: 'Tool', description: 'a tool', version: '1', release: '24.04' };
  session.file('tool/dxasset.json', JSON.stringify(spec));
  session.file('tool/resources/usr/bin/tool', 'echo tool\n');
  const { code, stderr } = await session.dx(['build_asset', 'tool']);
  const said = stderr.replace(/\s+/g, ' ');
  expect(code).toBe(1);
  expect(said).toContain('this platform does not build assets');
  for (const word of ['tar.gz', 'AssetBundle', 'archiveFileId', 'assetDepends']) expect(said).toContain(word);
  expect(await session.ok(['find', 'data', '--brief', '--visibility', 'either'])).toBe('');
});

it('an asset that was made that way lies at / in the job', async () => {
  chmodSync(session.file('asset/usr/local/bin/greet', '#!/bin/sh\necho "$1 from the asset"\n'), 0o755);
  session.file('asset/opt/words.txt', 'hello\n');
  execFileSync('tar', ['czf', join(session.home, 'greet.tar.gz'), '-C', join(session.home, 'asset'), '.']);
  const file = await session.ok(['upload', 'greet.tar.gz', '--brief', '--wait']);
  const details = JSON.stringify({ archiveFileId: { $dnanexus_link: file } });
  const made = ['new', 'record', 'greet', '--type', 'AssetBundle', '--details', details, '--close', '--brief'];
  const record = await session.ok(made);
  await givenBuilt(session, 'greeter', {
    code: 'main() { greet "$(cat /opt/words.txt)"; }',
    runSpec: { assetDepends: [{ id: record }] },
  });
  const run = await session.dx(['run', 'greeter', '-y', '--watch']);
  expect([run.code, run.stdout]).toEqual([0, expect.stringContaining('STDOUT hello from the asset')]);
});
