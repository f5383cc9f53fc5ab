// What a platform that has ended left in its data folder, whichever runtime it was.

import { DatabaseSync } from 'node:sqlite';
import type { Row } from '../../core/context.ts';
import { type DataFile, pathIn } from '../../machine/data-folder.ts';

export type Leftovers = {
  rows(table: 'executions' | 'objects' | 'containers'): Row[];
  /** Each begins with "later" if it waits for a later hour. */
  messages(): string[];
  /** Keys of the bytes of files. */
  content(): string[];
  /** Workers and launches that have not ended. */
  workers(): string[];
  /** A sentence for each file of bytes that belongs to nothing. */
  strayBytes(): string[];
};

/** Rows of a file of the data folder, which the platform may be writing at the same time. */
export function select(data: string, file: DataFile, query: string): Record<string, unknown>[] {
  const database = new DatabaseSync(pathIn(data, file), { readOnly: true, timeout: lockLimitMs });
  try {
    return database.prepare(query).all() as Record<string, unknown>[];
  } finally {
    database.close();
  }
}

const lockLimitMs = 10_000;
