// The rows of buckets, objects, uploads and parts in SQLite. The rules of S3 are decided elsewhere.

import type { DatabaseSync } from 'node:sqlite';
import type { Checksum } from './checksum.ts';
import type { CorsRule } from './cors.ts';

export type BucketRow = {
  readonly name: string;
  readonly createdAt: number;
  readonly eventBridge: boolean;
  readonly cors: readonly CorsRule[];
};
/** Headers that are stored with an object and returned: content-type, cache-control … and x-amz-meta-*. */
export type StoredHeaders = Record<string, string>;
export type ObjectRow = {
  readonly bucket: string;
  readonly key: string;
  /** The id of this content, or of the upload if it came in parts. The rows of its parts name it as their owner. */
  readonly id: string;
  /** Without quotes. */
  readonly etag: string;
  readonly size: number;
  /** Milliseconds since 1970, in whole seconds as S3 keeps them. */
  readonly modifiedAt: number;
  readonly headers: StoredHeaders;
  readonly checksum?: Checksum;
};
export type UploadRow = {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly createdAt: number;
  readonly headers: StoredHeaders;
};
export type PartRow = {
  /** The id of an upload or of an object's content. */
  readonly owner: string;
  readonly number: number;
  readonly blob: string;
  readonly size: number;
  readonly etag: string;
  readonly modifiedAt: number;
};
type Sql = Record<string, string | number | Uint8Array | null>;

export type ObjectTable = ReturnType<typeof openObjectTable>;

/** All access to the rows. Keys are stored as UTF-8 bytes, so that they sort as on S3. */
export function openObjectTable(database: DatabaseSync) {
  database.exec(schema);
  const sql = prepareStatements(database);
  return {
    /** The ids of all blobs that rows name. */
    blobs: () => new Set((sql.blobs.all() as Sql[]).map((row) => row.blob as string)),
    putBucket({ name, createdAt, eventBridge, cors }: BucketRow): void {
      sql.putBucket.run(name, createdAt, Number(eventBridge), JSON.stringify(cors));
    },
    loadBucket(name: string): BucketRow | undefined {
      const row = sql.loadBucket.get(name) as Sql | undefined;
      return row && ({ ...row, eventBridge: row.eventBridge === 1, cors: JSON.parse(row.cors as string) } as BucketRow);
    },
    putObject({ bucket, key, id, etag, size, modifiedAt, headers, checksum }: ObjectRow): void {
      const bodies = [JSON.stringify(headers), checksum ? JSON.stringify(checksum) : null];
      sql.putObject.run(bucket, Buffer.from(key), id, etag, size, modifiedAt, ...bodies);
    },
    loadObject(bucket: string, key: string): ObjectRow | undefined {
      const row = sql.loadObject.get(bucket, Buffer.from(key)) as Sql | undefined;
      return row && (parseRow(row) as ObjectRow);
    },
    deleteObject: (bucket: string, key: string) => void sql.deleteObject.run(bucket, Buffer.from(key)),
    putUpload({ id, bucket, key, createdAt, headers }: UploadRow): void {
      sql.putUpload.run(id, bucket, Buffer.from(key), createdAt, JSON.stringify(headers));
    },
    loadUpload(id: string): UploadRow | undefined {
      const row = sql.loadUpload.get(id) as Sql | undefined;
      return row && (parseRow(row) as UploadRow);
    },
    deleteUpload: (id: string) => void sql.deleteUpload.run(id),
    putPart({ owner, number, blob, size, etag, modifiedAt }: PartRow): void {
      sql.putPart.run(owner, number, blob, size, etag, modifiedAt);
    },
    loadPart(owner: string, number: number): PartRow | undefined {
      const row = sql.loadPart.get(owner, number) as Sql | undefined;
      return row && (parseRow(row) as PartRow);
    },
    /** The parts with numbers above `after`, in order of number. */
    loadParts: (owner: string, after = 0, limit = -1): PartRow[] =>
      (sql.loadParts.all(owner, after, limit) as Sql[]).map((row) => parseRow(row) as PartRow),
    deletePart: (owner: string, number: number) => void sql.deletePart.run(owner, number),
    deleteParts: (owner: string) => void sql.deleteParts.run(owner),
  };
}

function prepareStatements(database: DatabaseSync) {
  return {
    blobs: database.prepare('SELECT blob FROM s3_part'),
    putBucket: database.prepare('INSERT OR REPLACE INTO s3_bucket VALUES (?, ?, ?, ?)'),
    loadBucket: database.prepare('SELECT * FROM s3_bucket WHERE name = ?'),
    putObject: database.prepare('INSERT OR REPLACE INTO s3_object VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    loadObject: database.prepare('SELECT * FROM s3_object WHERE bucket = ? AND key = ?'),
    deleteObject: database.prepare('DELETE FROM s3_object WHERE bucket = ? AND key = ?'),
    putUpload: database.prepare('INSERT INTO s3_upload VALUES (?, ?, ?, ?, ?)'),
    loadUpload: database.prepare('SELECT * FROM s3_upload WHERE id = ?'),
    deleteUpload: database.prepare('DELETE FROM s3_upload WHERE id = ?'),
    putPart: database.prepare('INSERT OR REPLACE INTO s3_part VALUES (?, ?, ?, ?, ?, ?)'),
    loadPart: database.prepare('SELECT * FROM s3_part WHERE owner = ? AND number = ?'),
    loadParts: database.prepare('SELECT * FROM s3_part WHERE owner = ? AND number > ? ORDER BY number LIMIT ?'),
    deletePart: database.prepare('DELETE FROM s3_part WHERE owner = ? AND number = ?'),
    deleteParts: database.prepare('DELETE FROM s3_part WHERE owner = ?'),
  };
}

/** Parses JSON columns and decodes keys. A null column becomes an absent member. */
function parseRow(row: Sql): Record<string, unknown> {
  const parsed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (value === null) continue;
    if (name === 'key') parsed[name] = Buffer.from(value as Uint8Array).toString('utf8');
    else parsed[name] = name === 'headers' || name === 'checksum' ? JSON.parse(value as string) : value;
  }
  return parsed;
}

const schema = `
  CREATE TABLE IF NOT EXISTS s3_bucket (
    name TEXT PRIMARY KEY, createdAt INTEGER NOT NULL, eventBridge INTEGER NOT NULL, cors TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS s3_object (
    bucket TEXT NOT NULL, key BLOB NOT NULL, id TEXT NOT NULL, etag TEXT NOT NULL, size INTEGER NOT NULL,
    modifiedAt INTEGER NOT NULL, headers TEXT NOT NULL, checksum TEXT,
    PRIMARY KEY (bucket, key)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS s3_upload (
    id TEXT NOT NULL UNIQUE, bucket TEXT NOT NULL, key BLOB NOT NULL, createdAt INTEGER NOT NULL, headers TEXT NOT NULL,
    PRIMARY KEY (bucket, key, id)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS s3_part (
    owner TEXT NOT NULL, number INTEGER NOT NULL, blob TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    modifiedAt INTEGER NOT NULL, PRIMARY KEY (owner, number)) STRICT, WITHOUT ROWID;
`;
