// The removal of a job's folder by an ordinary user: folders without the right to write stop every user but root.

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const nobodyId = 65_534;
const program = `
import { removeFolder } from '${join(import.meta.dirname, '../../worker/remove-folder.ts')}';
removeFolder(process.argv[1], (fault) => console.log(fault.code));
`;

let place: string;
let folder: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'espalier-remove-'));
  chmodSync(place, 0o777);
  folder = join(place, 'job');
});
afterEach(() => {
  chmodSync(place, 0o777);
  rmSync(place, { recursive: true, force: true });
});

/** Runs a program as a user who is not root, whichever user runs the tests. */
function asPlainUser(command: string, ...args: string[]): string {
  const user = process.getuid?.() === 0 ? { uid: nobodyId, gid: nobodyId } : {};
  return execFileSync(command, args, { encoding: 'utf8', ...user });
}

const remove = (): string => asPlainUser(process.execPath, '--input-type=module', '-e', program, folder);

it('removes folders without the rights to write and list, and does not follow links', () => {
  mkdirSync(join(place, 'other'));
  writeFileSync(join(place, 'other/kept'), '');
  const make =
    'mkdir -p "$1/a/b/c" "$1/d" && touch "$1/a/b/f" && ln -s ../other "$1/l" && chmod 0555 "$1/a/b" "$1/a" "$1" && chmod 0 "$1/d"';
  asPlainUser('bash', '-c', make, 'bash', folder);
  expect(remove()).toBe('');
  expect(existsSync(folder)).toBe(false);
  expect(readdirSync(join(place, 'other'))).toEqual(['kept']);
});

it('reports what it cannot remove, and accepts an absent folder', () => {
  expect(remove()).toBe('');
  asPlainUser('mkdir', folder);
  chmodSync(place, 0o555);
  expect(remove().trim()).toBe('EACCES');
});
