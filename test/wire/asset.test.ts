// Tests assets through the real client: those that `dx build_asset` makes, and one made by hand.

import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { givenBuilt } from './session.ts';
import { session, useSession } from './shared-session.ts';

useSession();

it('dx build_asset packs the resources and what the makefile makes, and leaves nothing else', async () => {
  const spec = { name: 'tool', title: 'Tool', description: 'a tool', version: '1', release: '24.04' };
  session.file('tool/dxasset.json', JSON.stringify(spec));
  chmodSync(session.file('tool/resources/usr/local/bin/tool', '#!/bin/sh\necho tool\n'), 0o755);
  session.file('tool/Makefile', 'all:\n\techo made > /opt/made.txt\n');
  const { id } = JSON.parse(await session.ok(['build_asset', 'tool', '--json']));
  const { name, types, details } = JSON.parse(await session.ok(['describe', id, '--details', '--json']));
  expect({ name, types, details }).toMatchObject({ name: 'tool', types: ['AssetBundle'], details: { version: '1' } });
  await givenBuilt(session, 'user', {
    code: 'main() { tool; cat /opt/made.txt; }',
    runSpec: { assetDepends: [{ id }] },
  });
  const { code, stdout } = await session.dx(['run', 'user', '-y', '--watch']);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/STDOUT tool\n.*STDOUT made/)]);
  const left = await session.ok(['find', 'data', '--json', '--visibility', 'either', '--property', 'title']);
  expect(JSON.parse(left)).toHaveLength(1);
});

it('an asset that was made by hand lies at / in the job', async () => {
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
