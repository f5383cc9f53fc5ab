// The tables of log groups, streams and events. It knows nothing of tokens, buffers or the wire.
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { inLazyTransaction } from '../wire/transaction.ts';

/** Times in milliseconds since 1970. */
export type LogLine = { timestamp: number; message: string };
export type LogEvent = LogLine & { sequence: number; ingestedAt: number; stream: string };
export type LogGroup = { name: string; createdAt: number; retentionDays?: number };
export type LogStream = {
  id: number;
  name: string;
  createdAt: number;
  firstEventAt?: number;
  lastEventAt?: number;
  lastIngestedAt?: number;
};

/** A place between events: after (or before) the one of this timestamp and sequence. */
export type Position = { timestamp: number; sequence: number };

/** Which events: `from` inclusive, `until` exclusive, beyond `beyond` in the direction of reading, at most `limit`. */
export type Reading = {
  streamIds: readonly number[];
  from: number;
  until: number;
  direction: 'forward' | 'backward';
  beyond?: Position | undefined;
};

export type LogTable = {
  group(name: string): LogGroup | undefined;
  putGroup(group: LogGroup): void;
  stream(group: string, name: string): LogStream | undefined;
  addStream(group: string, name: string, at: number): LogStream;
  streams(group: string): LogStream[];
  /** Durable when it returns. */
  append(lines: readonly { streamId: number; line: LogLine }[], at: number): void;
  /** Events in the direction of reading, one by one; stop when there are enough. */
  read(reading: Reading): Iterable<LogEvent>;
  /** Deletes the group's events before this time. */
  expire(group: string, before: number): void;
};

const SCHEMA = `CREATE TABLE IF NOT EXISTS logs_group (
    name TEXT PRIMARY KEY, created_at INTEGER NOT NULL, retention_days INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS logs_stream (
    id INTEGER PRIMARY KEY, group_name TEXT NOT NULL REFERENCES logs_group (name), name TEXT NOT NULL,
    created_at INTEGER NOT NULL, first_event_at INTEGER, last_event_at INTEGER, last_ingested_at INTEGER,
    UNIQUE (group_name, name)) STRICT;
  CREATE TABLE IF NOT EXISTS logs_event (
    stream_id INTEGER NOT NULL REFERENCES logs_stream (id), timestamp INTEGER NOT NULL, sequence INTEGER NOT NULL,
    ingested_at INTEGER NOT NULL, message TEXT NOT NULL,
    PRIMARY KEY (stream_id, timestamp, sequence)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS logs_sequence (last INTEGER NOT NULL) STRICT`;

/** Opens the tables. Events of a stream are ordered by timestamp, then by arrival (the sequence, which never repeats). */
export function openLogTable(database: DatabaseSync): LogTable {
  database.exec(SCHEMA);
  const of = (text: string) => database.prepare(text);
  const group = of('SELECT * FROM logs_group WHERE name = ?');
  const putGroup = of(`INSERT INTO logs_group VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET retention_days = excluded.retention_days`);
  const stream = of('SELECT * FROM logs_stream WHERE group_name = ? AND name = ?');
  const addStream = of('INSERT INTO logs_stream (group_name, name, created_at) VALUES (?, ?, ?) RETURNING *');
  const streams = of('SELECT * FROM logs_stream WHERE group_name = ? ORDER BY name');
  const expire = of(`DELETE FROM logs_event WHERE timestamp < ?
    AND stream_id IN (SELECT id FROM logs_stream WHERE group_name = ?)`);
  return {
    group(name) {
      const row = group.get(name);
      if (!row) return undefined;
      const retention = row.retention_days === null ? {} : { retentionDays: Number(row.retention_days) };
      return { name, createdAt: Number(row.created_at), ...retention };
    },
    putGroup: ({ name, createdAt, retentionDays }) => void putGroup.run(name, createdAt, retentionDays ?? null),
    stream(groupName, name) {
      const row = stream.get(groupName, name);
      return row && toStream(row);
    },
    addStream: (groupName, name, at) =>
      inLazyTransaction(database, () => toStream(addStream.get(groupName, name, at) ?? {})),
    streams: (groupName) => streams.all(groupName).map(toStream),
    append: createAppender(database),
    read: (reading) => readEvents(database, reading),
    expire: (groupName, before) => void expire.run(before, groupName),
  };
}

function createAppender(database: DatabaseSync): LogTable['append'] {
  const insert = database.prepare('INSERT INTO logs_event VALUES (?, ?, ?, ?, ?)');
  const seen = database.prepare(`UPDATE logs_stream SET first_event_at = min(coalesce(first_event_at, :first), :first),
    last_event_at = max(coalesce(last_event_at, :last), :last), last_ingested_at = :at WHERE id = :id`);
  const saveSequence = database.prepare('UPDATE logs_sequence SET last = ?');
  database.exec('INSERT INTO logs_sequence SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM logs_sequence)');
  let last = Number(database.prepare('SELECT last FROM logs_sequence').get()?.last ?? 0);
  return (lines, at) => {
    let sequence = last;
    // Lines survive SIGKILL at once and power loss soon: a wait for the disk for each flush would cost more than the lines.
    inLazyTransaction(database, () => {
      const spans = new Map<number, { first: number; last: number }>();
      for (const { streamId, line } of lines) {
        sequence += 1;
        insert.run(streamId, line.timestamp, sequence, at, line.message);
        const span = spans.get(streamId) ?? { first: line.timestamp, last: line.timestamp };
        span.first = Math.min(span.first, line.timestamp);
        span.last = Math.max(span.last, line.timestamp);
        spans.set(streamId, span);
      }
      for (const [id, span] of spans) seen.run({ id, at, ...span });
      saveSequence.run(sequence);
    });
    last = sequence;
  };
}

function* readEvents(database: DatabaseSync, reading: Reading): Iterable<LogEvent> {
  const { streamIds, from, until, direction, beyond } = reading;
  const [compare, order] = direction === 'forward' ? ['>', 'ASC'] : ['<', 'DESC'];
  const marks = streamIds.map(() => '?').join(', ');
  const position = beyond ? `AND (e.timestamp, e.sequence) ${compare} (?, ?)` : '';
  const statement = database.prepare(`SELECT e.*, s.name AS stream FROM logs_event e
    JOIN logs_stream s ON s.id = e.stream_id WHERE e.stream_id IN (${marks}) AND e.timestamp >= ? AND e.timestamp < ?
    ${position} ORDER BY e.timestamp ${order}, e.sequence ${order}`);
  const bounds = beyond ? [beyond.timestamp, beyond.sequence] : [];
  for (const row of statement.iterate(...streamIds, from, until, ...bounds)) {
    yield {
      timestamp: Number(row.timestamp),
      sequence: Number(row.sequence),
      ingestedAt: Number(row.ingested_at),
      message: String(row.message),
      stream: String(row.stream),
    };
  }
}

function toStream(row: Record<string, SQLOutputValue>): LogStream {
  const time = (key: string, value: SQLOutputValue | undefined) =>
    value === null || value === undefined ? {} : { [key]: Number(value) };
  return {
    id: Number(row.id),
    name: String(row.name),
    createdAt: Number(row.created_at),
    ...time('firstEventAt', row.first_event_at),
    ...time('lastEventAt', row.last_event_at),
    ...time('lastIngestedAt', row.last_ingested_at),
  };
}
