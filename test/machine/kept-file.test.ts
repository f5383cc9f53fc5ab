// Small files of the data folder when a write is cut off, and when a file was broken.

import { linkSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPlaces } from '../../emulation/exchange/kept-place.ts';
import { type DataFile, openDataFolder, pathIn } from '../../machine/data-folder.ts';
import { readKept, writeKept } from '../../machine/kept-file.ts';
import { listenAgain, listenOn } from '../../machine/listener.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { givenTemporaryFolder } from './temporary-folder.ts';

const folder = givenTemporaryFolder();

describe('a kept file', () => {
  it('is replaced as a whole: a reader with the old file open reads all of it', () => {
    const file = join(folder, 'replaced');
    writeKept(file, 'old');
    linkSync(file, join(folder, 'witness'));
    writeKept(file, 'new');
    expect([readKept(file), readFileSync(join(folder, 'witness'), 'utf8')]).toEqual(['new', 'old\n']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is not written when nothing changed', () => {
    const file = join(folder, 'same');
    writeKept(file, 'text');
    const { ino, mtimeNs } = statSync(file, { bigint: true });
    writeKept(file, 'text');
    expect(statSync(file, { bigint: true })).toMatchObject({ ino, mtimeNs });
  });

  it('stays as it was when it cannot be written', () => {
    const file = join(folder, 'blocked');
    writeKept(file, 'old');
    mkdirSync(`${file}.draft`);
    expect(() => writeKept(file, 'new')).toThrow(StartRefusal);
    expect(() => writeKept(file, 'new')).toThrow(`The file ${file} cannot be written: EISDIR`);
    expect(readKept(file)).toBe('old');
  });
});

describe('a data folder with a broken file', () => {
  const refusalOf = (name: string, file: DataFile, text: string) => {
    const path = join(folder, name);
    mkdirSync(path);
    openDataFolder(path).close();
    writeFileSync(pathIn(path, file), text);
    const open = () => {
      const data = openDataFolder(path);
      try {
        checkPlaces(data, {});
      } finally {
        data.close();
      }
    };
    expect(open).toThrow(StartRefusal);
    expect(open).toThrow(pathIn(path, file));
    return expect(open);
  };

  it.each<[DataFile, string, RegExp]>([
    ['version', '', / is empty: put it back from a copy/],
    ['firstUser', '\n', / is empty: /],
    ['places', '', / is empty: /],
    ['places', '{"s3":"he', / is not JSON \(.+\): /],
    ['places', 'null', / does not say where rows and files are: /],
    ['places', '{"s3":1}', / does not say where rows and files are: /],
  ])('is refused with its name: %s %j', (file, text, message) => {
    refusalOf(`broken-${file}-${text.length}`, file, text).toThrow(message);
  });

  it.each(['', 'null', '{"control":"x"}'])('takes any port where the ports are %j', async (text) => {
    const file = join(folder, `ports-${text.length}.json`);
    writeFileSync(file, text);
    const { port, close } = await listenAgain(file, 'control', () => undefined);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ control: port });
    await close();
    const server = createServer();
    await listenOn(server, port);
    server.close();
  });
});
