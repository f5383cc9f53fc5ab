// The ports of the drivers (`api`, `engine`). They are types only, so that core stays pure and the same code runs on
// DynamoDB, in the emulation and in the simulation. `aws/` implements them; nothing here knows an SDK.

import type { WorkerId } from './id/worker.ts';

/** The tables; their keys, streams and indexes are data in `aws/dynamo/tables.ts`. */
export type TableName = 'executions' | 'objects' | 'containers' | 'identities';
export type Key = { readonly pk: string; readonly sk: string };
export type Value = string | number | boolean | null | Uint8Array | Value[] | { [name: string]: Value };
export type Row = Key & { readonly [name: string]: Value | undefined };
/** Attribute → value it must have; `undefined` means that the attribute must be absent. */
export type Expected = { readonly [name: string]: string | number | boolean | null | undefined };
export type Change = {
  readonly set?: { readonly [name: string]: Value | undefined };
  readonly remove?: readonly string[];
};
export type Write =
  | {
      readonly kind: 'put';
      readonly table: TableName;
      readonly row: Row;
      readonly expected?: 'absent' | Expected | undefined;
    }
  | {
      readonly kind: 'update';
      readonly table: TableName;
      readonly key: Key;
      readonly change: Change;
      readonly expected?: Expected | undefined;
    }
  | { readonly kind: 'delete'; readonly table: TableName; readonly key: Key; readonly expected?: Expected | undefined }
  | { readonly kind: 'check'; readonly table: TableName; readonly key: Key; readonly expected: 'absent' | Expected };
export type QueryRange = {
  readonly pk: string;
  /** Only sort keys with this beginning. */
  readonly prefix?: string | undefined;
  /** Exclusive: continue after this sort key (before it, when descending). */
  readonly after?: string | undefined;
  readonly descending?: boolean;
  readonly limit: number;
};

/** Rows of the tables. Every call is one atomic step. Every read is strongly consistent unless it says otherwise. */
export interface Rows {
  get(table: TableName, key: Key): Promise<Row | undefined>;
  /** Parallel to `keys`; any number of them. */
  getMany(table: TableName, keys: readonly Key[]): Promise<(Row | undefined)[]>;
  /** One page in sort-key order; `next` is the sort key to pass as `after`, absent at the end. */
  query(table: TableName, range: QueryRange): Promise<{ rows: Row[]; next?: string }>;
  /** False when the condition failed. Without a condition it overwrites. */
  put(table: TableName, row: Row, expected?: 'absent' | Expected): Promise<boolean>;
  /** The row after the change; undefined when the row is missing or the condition failed. */
  update(table: TableName, key: Key, change: Change, expected?: Expected): Promise<Row | undefined>;
  /** False when the condition failed. Deleting a missing row without a condition is true. */
  delete(table: TableName, key: Key, expected?: Expected): Promise<boolean>;
  /** All or nothing, at most 100 writes, no two on one key. False when a condition failed. */
  transact(writes: readonly Write[]): Promise<boolean>;
  /**
   * The `open` index of `executions`: ids due at or before `now`. It is eventually consistent, so read a row again
   * before acting on it.
   */
  due(shard: number, now: number, limit: number): Promise<{ id: string; dueAt: number }[]>;
}

/** JSON documents of one execution that may be large: inline when small, in the content bucket above 8 KB. */
export type BodyKind = 'spec' | 'input' | 'output';
export interface Bodies {
  save(id: string, kind: BodyKind, body: unknown, options?: { ifAbsent?: boolean }): Promise<boolean>;
  load(id: string, kind: BodyKind): Promise<unknown>;
  /** Parallel to `ids`. Only one body is held at a time: the caller takes out what it needs before it asks for the next. */
  loadEach(ids: readonly string[], kind: BodyKind): AsyncIterable<unknown>;
  /** Deletes what `save` put into the bucket under that key, unless the body's row names it. */
  collect(key: string): Promise<void>;
}

export type UploadedPart = { readonly index: number; readonly size: number; readonly md5: string };
/** Bytes of files: one key for each file id, under the prefix of its birthplace (`w/<container>/<file>`). */
export interface Content {
  startUpload(key: string): Promise<string>;
  uploadUrl(
    key: string,
    uploadId: string,
    part: UploadedPart,
  ): Promise<{ url: string; headers: Record<string, string>; expires: number }>;
  /**
   * `undefined` when there is no such upload: it was completed, aborted, or dropped because it was not completed in
   * time.
   */
  listParts(key: string, uploadId: string): Promise<UploadedPart[] | undefined>;
  /** Idempotent: if the upload was completed before with the same parts, it succeeds. */
  completeUpload(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<void>;
  abortUpload(key: string, uploadId: string): Promise<void>;
  /** `undefined` when nothing was put there, or its parts have not been joined. */
  size(key: string): Promise<number | undefined>;
  /** The first bytes, at most `count`. `undefined` when there is nothing at the key, or nothing in it. */
  beginning(key: string, count: number): Promise<Uint8Array | undefined>;
  downloadUrl(
    key: string,
    options: {
      readonly expiresSeconds: number;
      readonly filename?: string | undefined;
      readonly media?: string | undefined;
      /** The method that the URL answers; GET by default. */
      readonly method?: 'GET' | 'HEAD';
    },
  ): Promise<string>;
  remove(keys: readonly string[]): Promise<void>;
}

/** Asks for the start of this worker. */
/** `v`: its version, as in core/work/message.ts. */
export type RunnableMessage = { readonly v: number; readonly worker: WorkerId };
export interface Queues {
  /** `delaySeconds` 0–900. `group` keeps one project from starving others. */
  sendRunnable(
    messages: readonly (RunnableMessage & { readonly group: string })[],
    delaySeconds?: number,
  ): Promise<void>;
  sendWork(messages: readonly { readonly [name: string]: Value }[], delaySeconds?: number): Promise<void>;
}

/** The input of a worker's start: ids and sizes. The boot nonce is its only secret. */
export type LaunchInput = {
  readonly cores: number;
  readonly memoryGib: number;
  readonly diskGib: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Uses capacity that may be taken back. */
  readonly spot: boolean;
  /** The job may be held when it fails, so a user must be able to enter the worker. */
  readonly debug: boolean;
};
/** How a worker ended. */
export type WorkerEnding =
  /** Its machine was lost. */
  | 'lost'
  /** Its machine was taken back: spot capacity. */
  | 'reclaimed'
  | 'outOfMemory'
  /**
   * It could not be started now, because capacity or quota was missing or the services were busy. Another attempt may
   * succeed.
   */
  | 'noCapacity'
  /** It cannot be started as it was requested. */
  | 'refused'
  /** Its program ended, successfully or not. */
  | 'exited'
  /** It was asked to stop. */
  | 'stopped'
  /** Nothing is known except that it is over. */
  | 'unknown';
/** `why` may be shown to users. It is empty when nothing more is known. */
export type WorkerEnd = { readonly kind: 'ended'; readonly how: WorkerEnding; readonly why: string };
export type WorkerState = { readonly kind: 'starting' | 'running' } | WorkerEnd;
/** Names a worker's process to the port that started it. Everything else only compares and stores it. */
export type WorkerHandle = string;
/** Starts, observes and stops workers. */
export interface Workers {
  /** Starts that worker. If it was started before, that is a success. */
  start(worker: WorkerId, input: LaunchInput): Promise<void>;
  /** Whether its start is still under way, retries included. Undefined when the start was never requested. */
  launchState(worker: WorkerId): Promise<WorkerState | undefined>;
  stopLaunch(worker: WorkerId, why: string): Promise<void>;
  /** Undefined when nothing is known about that worker: it is too new, or ended long ago. */
  state(handle: WorkerHandle): Promise<WorkerState | undefined>;
  stop(handle: WorkerHandle, why: string): Promise<void>;
  /** The number of jobs that run now, where `settings.slotCount` limits it. */
  slotsTaken?(): number;
}

/** Values derived under the deployment's key. They need not be stored. */
export interface Seals {
  /** HMAC-SHA256 (hex) of a text under the deployment's key; `purpose` separates domains. */
  seal(purpose: 'boot' | 'download', text: string): Promise<string>;
}

export type LogLine = { readonly timestamp: number; readonly message: string };
export interface LogReader {
  /** Lines of a worker's stream after a token, at most `limit` of 10,000. An absent stream is empty. */
  read(
    worker: WorkerHandle,
    token: string | undefined,
    limit?: number,
  ): Promise<{ lines: LogLine[]; token: string | undefined }>;
}

export type Settings = {
  /** For example `aws:us-east-1`. */
  readonly region: string;
  readonly leaseSeconds: number;
  readonly heartbeatSeconds: number;
  readonly openShardCount: number;
  /** Workers that one user may have at a time. */
  readonly workersPerUser: number;
  /** Jobs that may run at a time, where that is limited by the machine and not by the user's number. */
  readonly slotCount?: number;
};

export type Context = {
  readonly rows: Rows;
  readonly bodies: Bodies;
  readonly content: Content;
  readonly queues: Queues;
  readonly workers: Workers;
  readonly seals: Seals;
  readonly logs: LogReader;
  readonly settings: Settings;
  /** The address at which clients and workers reach this API, without a trailing slash. */
  apiUrl(): Promise<string>;
  now(): number;
  random(byteCount: number): Uint8Array;
};
