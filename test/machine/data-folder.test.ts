// What a start leaves behind in its data folder when it is refused, and what a look at the folder changes.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkDataFolder, openDataFolder } from '../../machine/data-folder.ts';
import { givenTemporaryFolder } from './temporary-folder.ts';

const folder = givenTemporaryFolder();

it('a folder that did not exist goes with all above it that was made, unless it is kept', () => {
  const path = join(folder, 'a/b/c');
  const refused = openDataFolder(path, 'embedded');
  writeFileSync(join(path, 'rows.sqlite'), 'x');
  refused.close();
  expect(readdirSync(folder)).toEqual([]);
  const started = openDataFolder(path, 'embedded');
  started.keep();
  started.close();
  expect(readdirSync(path)).toContain('version');
});

it('a folder that was there stays when its start is refused', () => {
  const path = join(folder, 'there');
  mkdirSync(path);
  writeFileSync(join(path, 'mine'), '');
  openDataFolder(path).close();
  expect(existsSync(join(path, 'mine'))).toBe(true);
});

it('a process that ends in the middle of a first start leaves no folder', () => {
  const path = join(folder, 'broken-off');
  const module = join(import.meta.dirname, '../../machine/data-folder.ts');
  const program = `import(${JSON.stringify(module)}).then(({ openDataFolder }) => {
    openDataFolder(${JSON.stringify(path)}, 'embedded');
    process.exit(7);
  });`;
  expect(spawnSync('node', ['-e', program]).status).toBe(7);
  expect(existsSync(path)).toBe(false);
});

it('a look makes nothing, and refuses what a start would refuse', () => {
  const absent = join(folder, 'absent/deep');
  checkDataFolder(absent, 'embedded');
  expect(existsSync(join(folder, 'absent'))).toBe(false);
  const old = join(folder, 'old');
  mkdirSync(old);
  writeFileSync(join(old, 'version'), '1');
  expect(() => checkDataFolder(old, 'embedded')).toThrow('has version 1');
  const other = openDataFolder(join(folder, 'other'), 'deployed');
  expect(() => checkDataFolder(other.path, 'embedded')).toThrow('belongs to the other runtime');
  other.close();
  writeFileSync(join(folder, 'file'), '');
  expect(() => checkDataFolder(join(folder, 'file/data'), 'embedded')).toThrow('file is a file');
});
