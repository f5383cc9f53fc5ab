// The tables of log groups, streams and events.

import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { inLazyTransaction } from '../wire/transaction.ts';

/** Times in milliseconds since 1970. */
export type LogLine = { readonly timestamp: number; readonly message: string };
export type LogEvent = LogLine & { readonly sequence: number; readonly ingestedAt: number };
export type LogGroup = { readonly name: string; readonly createdAt: number; readonly retentionDays?: number };
export type LogStream = { readonly id: number; readonly name: string };

/** A place between events: after (or before) the event with this timestamp and sequence. */
export type Position = { readonly timestamp: number; readonly sequence: number };

/**
 * Selects events: `from` is inclusive and `until` exclusive. `beyond` is the place where reading starts, in its
 * direction.
 */
export type Reading = {
  readonly streamId: number;
  readonly from: number;
  readonly until: number;
  readonly direction: 'forward' | 'backward';
  readonly beyond?: Position | undefined;
};

export type LogTable = {
  group(name: string): LogGroup | undefined;
  putGroup(group: LogGroup): void;
  stream(group: string, name: string): LogStream | undefined;
  addStream(group: string, name: string, at: number): LogStream;
  /** Durable when it returns. */
  append(lines: readonly { streamId: number; line: LogLine }[], at: number): void;
  /** Yields events in the direction of reading. Stop when there are enough. */
  read(reading: Reading): Iterable<LogEvent>;
  groups(): LogGroup[];
  /** Deletes at most `limit` of the group's events before this time. Returns true while there may be more. */
  expire(group: string, before: number, limit: number): boolean;
};

/**
 * Opens the tables. A stream's events are ordered by timestamp, then by arrival (the sequence, which never repeats).
 */
export function openLogTable(database: DatabaseSync): LogTable {
  database.exec(schema);
  const of = (text: string) => database.prepare(text);
  const group = of('SELECT * FROM logs_group WHERE name = ?');
  const groups = of('SELECT * FROM logs_group');
  const putGroup = of(`INSERT INTO logs_group VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET retention_days = excluded.retention_days`);
  const stream = of('SELECT * FROM logs_stream WHERE group_name = ? AND name = ?');
  const addStream = of('INSERT INTO logs_stream (group_name, name, created_at) VALUES (?, ?, ?) RETURNING *');
  return {
    group(name) {
      const row = group.get(name);
      return row && toGroup(row);
    },
    groups: () => groups.all().map(toGroup),
    putGroup: ({ name, createdAt, retentionDays }) => void putGroup.run(name, createdAt, retentionDays ?? null),
    stream(groupName, name) {
      const row = stream.get(groupName, name);
      return row && toStream(row);
    },
    addStream: (groupName, name, at) =>
      inLazyTransaction(database, () => toStream(addStream.get(groupName, name, at) ?? {})),
    append: createAppender(database),
    read: (reading) => readEvents(database, reading),
    expire: createExpiry(database),
  };
}

function createAppender(database: DatabaseSync): LogTable['append'] {
  const insert = database.prepare('INSERT INTO logs_event VALUES (?, ?, ?, ?, ?)');
  const seen = database.prepare(
    'UPDATE logs_stream SET first_event_at = min(coalesce(first_event_at, :first), :first) WHERE id = :id',
  );
  const saveSequence = database.prepare('UPDATE logs_sequence SET last = ?');
  database.exec('INSERT INTO logs_sequence SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM logs_sequence)');
  let last = Number(database.prepare('SELECT last FROM logs_sequence').get()?.last ?? 0);
  return (lines, at) => {
    let sequence = last;
    // The lines survive SIGKILL at once and a power loss soon. Waiting for the disk at each flush would cost more than
    // the lines are worth.
    inLazyTransaction(database, () => {
      const firsts = new Map<number, number>();
      for (const { streamId, line } of lines) {
        sequence += 1;
        insert.run(streamId, line.timestamp, sequence, at, line.message);
        firsts.set(streamId, Math.min(firsts.get(streamId) ?? line.timestamp, line.timestamp));
      }
      for (const [id, first] of firsts) seen.run({ id, first });
      saveSequence.run(sequence);
    });
    last = sequence;
  };
}

/** Visits the stream with the oldest event first. A stream without old events is not visited again. */
function createExpiry(database: DatabaseSync): LogTable['expire'] {
  const next = database.prepare(`SELECT id FROM logs_stream WHERE group_name = ? AND first_event_at < ?
    ORDER BY first_event_at LIMIT 1`);
  const remove = database.prepare(`DELETE FROM logs_event WHERE (stream_id, timestamp, sequence) IN
    (SELECT stream_id, timestamp, sequence FROM logs_event WHERE stream_id = ? AND timestamp < ? LIMIT ?)`);
  const begin = database.prepare(`UPDATE logs_stream SET first_event_at =
    (SELECT min(timestamp) FROM logs_event WHERE stream_id = logs_stream.id) WHERE id = ?`);
  return (group, before, limit) =>
    inLazyTransaction(database, () => {
      for (let left = limit; left > 0; ) {
        const id = next.get(group, before)?.id;
        if (id === undefined) return false;
        const removed = Number(remove.run(id, before, left).changes);
        if (removed < left) begin.run(id);
        left -= Math.max(1, removed);
      }
      return true;
    });
}

function* readEvents(database: DatabaseSync, reading: Reading): Iterable<LogEvent> {
  const { streamId, from, until, direction, beyond } = reading;
  const [compare, order] = direction === 'forward' ? ['>', 'ASC'] : ['<', 'DESC'];
  const position = beyond ? `AND (timestamp, sequence) ${compare} (?, ?)` : '';
  // The position alone does not show SQLite where to begin. It would read the stream from its start for each page.
  const first = direction === 'forward' ? Math.max(from, beyond?.timestamp ?? from) : from;
  const end = direction === 'forward' ? until : Math.min(until, (beyond?.timestamp ?? until) + 1);
  const statement = database.prepare(`SELECT * FROM logs_event WHERE stream_id = ? AND timestamp >= ? AND timestamp < ?
    ${position} ORDER BY timestamp ${order}, sequence ${order}`);
  const bounds = beyond ? [beyond.timestamp, beyond.sequence] : [];
  for (const row of statement.iterate(streamId, first, end, ...bounds)) {
    yield {
      timestamp: Number(row.timestamp),
      sequence: Number(row.sequence),
      ingestedAt: Number(row.ingested_at),
      message: String(row.message),
    };
  }
}

function toGroup(row: Record<string, SQLOutputValue>): LogGroup {
  const retention = row.retention_days === null ? {} : { retentionDays: Number(row.retention_days) };
  return { name: String(row.name), createdAt: Number(row.created_at), ...retention };
}

function toStream({ id, name }: Record<string, SQLOutputValue>): LogStream {
  return { id: Number(id), name: String(name) };
}

const schema = `CREATE TABLE IF NOT EXISTS logs_group (
    name TEXT PRIMARY KEY, created_at INTEGER NOT NULL, retention_days INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS logs_stream (
    id INTEGER PRIMARY KEY, group_name TEXT NOT NULL REFERENCES logs_group (name), name TEXT NOT NULL,
    created_at INTEGER NOT NULL, first_event_at INTEGER, UNIQUE (group_name, name)) STRICT;
  CREATE INDEX IF NOT EXISTS logs_stream_first ON logs_stream (group_name, first_event_at);
  CREATE TABLE IF NOT EXISTS logs_event (
    stream_id INTEGER NOT NULL REFERENCES logs_stream (id), timestamp INTEGER NOT NULL, sequence INTEGER NOT NULL,
    ingested_at INTEGER NOT NULL, message TEXT NOT NULL,
    PRIMARY KEY (stream_id, timestamp, sequence)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS logs_sequence (last INTEGER NOT NULL) STRICT`;
