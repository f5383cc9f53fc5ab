// What the embedded runtime left in its data folder.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../../core/context.ts';
import type { ObjectId } from '../../core/id/identifier.ts';
import { contentKey } from '../../core/object/content-key.ts';
import { readObject } from '../../core/row/objects.ts';
import { parseRow } from '../../embedded/database/row-text.ts';
import { pathIn } from '../../machine/data-folder.ts';
import { type Leftovers, select } from './leftovers.ts';

export function embeddedLeftovers(data: string): Leftovers {
  const file = (query: string) => select(data, 'rows', query);
  const rows = (table: string): Row[] => file(`SELECT text FROM ${table}`).map(({ text }) => parseRow(String(text)));
  const names = (folder: string) => {
    const path = join(pathIn(data, 'content'), folder);
    return existsSync(path) ? readdirSync(path) : [];
  };
  return {
    rows,
    messages: () =>
      file('SELECT dueAt, tries, body FROM work').map(({ dueAt, body, tries }) =>
        dueAt === null
          ? `a message was given up after ${tries} deliveries: ${body}`
          : `${Number(dueAt) > Date.now() + shortWaitMs ? 'later' : 'now'} a message of the work queue: ${body}`,
      ),
    // The names of the files are digests of their keys, so they are compared below.
    content: () => [],
    workers: () => file('SELECT taskId FROM process').map(({ taskId }) => `the process of worker ${taskId}`),
    strayBytes() {
      const files = rows('objects').filter(({ pk, sk }) => sk === 'A' && pk.startsWith('file-'));
      const keys = files.flatMap((row) => {
        const facts = readObject(row);
        return facts === undefined ? [] : [contentKey(row.pk as ObjectId, facts)];
      });
      const wanted = new Set(keys.map((key) => createHash('sha256').update(key).digest('hex')));
      const found = names('file').flatMap((start) => names(join('file', start)).map((rest) => start + rest));
      return [
        ...found.filter((name) => !wanted.has(name)).map((name) => `the bytes ${name} belong to no file`),
        ...names('upload').map((name) => `the upload ${name} was never ended`),
      ];
    },
  };
}

const shortWaitMs = 120_000;
