// Keeps executions and their histories in the database.

import type { DatabaseSync } from 'node:sqlite';
import type { Change, Execution, ExecutionStatus, HistoryEvent, Position } from './execution.ts';
import type { Json, JsonObject } from './json.ts';

export type ExecutionTable = ReturnType<typeof openExecutionTable>;

/** Opens the tables. The caller provides the transaction for writes. */
export function openExecutionTable(database: DatabaseSync) {
  database.exec(schema);
  const sql = prepare(database);
  const addEvents = ({ execution, events }: Change) => {
    for (const { id, previousEventId, type, timestamp, detailsMember, details } of events) {
      const text = details ? JSON.stringify(details) : null;
      sql.event.run(id, previousEventId, type, timestamp, detailsMember ?? null, text, execution.arn);
    }
  };
  return {
    insert(change: Change): void {
      const { execution } = change;
      const { arn, name, machineArn, roleArn, definitionId, startedAt, timeoutAt, status, lastEventId } = execution;
      const texts = [JSON.stringify(execution.input), JSON.stringify(execution.position)] as const;
      sql.insert.run(
        ...[arn, name, machineArn, roleArn, definitionId, texts[0], startedAt, timeoutAt ?? null],
        ...[status, lastEventId, texts[1]],
      );
      addEvents(change);
    },
    /** Writes a transition. Returns false and writes nothing if the execution has ended or gone on since. */
    save(change: Change): boolean {
      const { arn, status, lastEventId, position, stoppedAt, output, error, cause } = change.execution;
      const before = (change.events[0]?.id ?? lastEventId + 1) - 1;
      const ended = [stoppedAt ?? null, output === undefined ? null : JSON.stringify(output), error ?? null];
      const values = [status, lastEventId, JSON.stringify(position), ...ended, cause ?? null, arn, before];
      if (sql.update.run(...values).changes !== 1) return false;
      addEvents(change);
      return true;
    },
    /**
     * Deletes at most `limit` executions that ended before the given time, with their histories. Returns how many were
     * deleted.
     */
    purge(before: number, limit: number): number {
      sql.purgeHistory.run(before, limit);
      return Number(sql.purge.run(before, limit).changes);
    },
    get(arn: string): Execution | undefined {
      const row = sql.get.get(arn);
      return row && toExecution(row);
    },
    open: (): Execution[] => sql.open.all().map(toExecution),
    history: (arn: string): HistoryEvent[] => sql.history.all(arn).map(toEvent),
  };
}

function prepare(database: DatabaseSync) {
  return {
    insert: database.prepare(insertExecution),
    update: database.prepare(updateExecution),
    event: database.prepare(insertEvent),
    get: database.prepare('SELECT * FROM sfn_execution WHERE arn = ?'),
    open: database.prepare("SELECT * FROM sfn_execution WHERE status = 'RUNNING' ORDER BY id"),
    purgeHistory: database.prepare(`DELETE FROM sfn_history WHERE execution IN (${selectStopped})`),
    purge: database.prepare(`DELETE FROM sfn_execution WHERE id IN (${selectStopped})`),
    history: database.prepare(selectHistory),
  };
}

type Row = Record<string, unknown>;

function toExecution(row: Row): Execution {
  return {
    arn: String(row.arn),
    name: String(row.name),
    machineArn: String(row.machine_arn),
    roleArn: String(row.role_arn),
    definitionId: String(row.definition_id),
    input: JSON.parse(String(row.input)) as Json,
    startedAt: Number(row.started_at),
    status: row.status as ExecutionStatus,
    lastEventId: Number(row.last_event_id),
    position: JSON.parse(String(row.position)) as Position,
    ...(row.timeout_at === null ? {} : { timeoutAt: Number(row.timeout_at) }),
    ...(row.stopped_at === null ? {} : { stoppedAt: Number(row.stopped_at) }),
    ...(row.output === null ? {} : { output: JSON.parse(String(row.output)) as Json }),
    ...(row.error === null ? {} : { error: String(row.error) }),
    ...(row.cause === null ? {} : { cause: String(row.cause) }),
  };
}

function toEvent(row: Row): HistoryEvent {
  return {
    id: Number(row.id),
    previousEventId: Number(row.previous),
    type: String(row.type),
    timestamp: Number(row.timestamp),
    ...(row.member === null ? {} : { detailsMember: String(row.member) }),
    ...(row.details === null ? {} : { details: JSON.parse(String(row.details)) as JsonObject }),
  };
}

const schema = `
CREATE TABLE IF NOT EXISTS sfn_execution (id INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL, machine_arn TEXT NOT NULL, role_arn TEXT NOT NULL, definition_id TEXT NOT NULL,
  input TEXT NOT NULL, started_at INTEGER NOT NULL, timeout_at INTEGER, status TEXT NOT NULL,
  last_event_id INTEGER NOT NULL, position TEXT NOT NULL, stopped_at INTEGER, output TEXT, error TEXT, cause TEXT) STRICT;
CREATE INDEX IF NOT EXISTS sfn_execution_open ON sfn_execution (id) WHERE status = 'RUNNING';
CREATE INDEX IF NOT EXISTS sfn_execution_stopped ON sfn_execution (stopped_at, id) WHERE stopped_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS sfn_history (execution INTEGER NOT NULL, id INTEGER NOT NULL, previous INTEGER NOT NULL,
  type TEXT NOT NULL, timestamp INTEGER NOT NULL, member TEXT, details TEXT,
  PRIMARY KEY (execution, id)) STRICT, WITHOUT ROWID;
`;

const insertExecution = `INSERT INTO sfn_execution (arn, name, machine_arn, role_arn, definition_id, input, started_at, timeout_at,
  status, last_event_id, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const updateExecution = `UPDATE sfn_execution SET status = ?, last_event_id = ?, position = ?, stopped_at = ?, output = ?,
  error = ?, cause = ? WHERE arn = ? AND status = 'RUNNING' AND last_event_id = ?`;
const insertEvent = `INSERT INTO sfn_history (execution, id, previous, type, timestamp, member, details)
  SELECT id, ?, ?, ?, ?, ?, ? FROM sfn_execution WHERE arn = ?`;
const selectStopped = 'SELECT id FROM sfn_execution WHERE stopped_at < ? ORDER BY stopped_at, id LIMIT ?';
const selectHistory = `SELECT h.* FROM sfn_history h JOIN sfn_execution e ON e.id = h.execution
  WHERE e.arn = ? ORDER BY h.id`;
