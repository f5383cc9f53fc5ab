// Keeps state machines and their definitions in the database.

import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

export type StoredMachine = {
  readonly arn: string;
  readonly name: string;
  readonly roleArn: string;
  readonly definitionId: string;
  readonly definition: string;
  readonly type: string;
  readonly createdAt: number;
};

export type MachineTable = ReturnType<typeof openMachineTable>;

/** Opens the tables. */
export function openMachineTable(database: DatabaseSync) {
  database.exec(schema);
  const sql = {
    putDefinition: database.prepare('INSERT OR IGNORE INTO sfn_definition (id, text) VALUES (?, ?)'),
    definition: database.prepare('SELECT text FROM sfn_definition WHERE id = ?'),
    putMachine: database.prepare('INSERT OR REPLACE INTO sfn_machine VALUES (?, ?, ?, ?, ?, ?)'),
    machine: database.prepare(
      'SELECT m.*, d.text FROM sfn_machine m JOIN sfn_definition d ON d.id = m.definition_id WHERE m.arn = ?',
    ),
  };
  return {
    /** Stores the machine and its definition. Running executions keep the definition that they began with. */
    put(machine: Omit<StoredMachine, 'definitionId'>): StoredMachine {
      const definitionId = definitionIdOf(machine.definition);
      const { arn, name, roleArn, definition, type, createdAt } = machine;
      sql.putDefinition.run(definitionId, definition);
      sql.putMachine.run(arn, name, roleArn, definitionId, type, createdAt);
      return { ...machine, definitionId };
    },
    get(arn: string): StoredMachine | undefined {
      const row = sql.machine.get(arn);
      return row && toMachine(row);
    },
    definition: (id: string) => String(sql.definition.get(id)?.text ?? ''),
  };
}

/** The id of a definition: the hash of its text. */
export function definitionIdOf(definition: string): string {
  return createHash('sha256').update(definition).digest('hex');
}

type Row = Record<string, unknown>;

function toMachine(row: Row): StoredMachine {
  return {
    arn: String(row.arn),
    name: String(row.name),
    roleArn: String(row.role_arn),
    definitionId: String(row.definition_id),
    definition: String(row.text),
    type: String(row.type),
    createdAt: Number(row.created_at),
  };
}

const schema = `
CREATE TABLE IF NOT EXISTS sfn_definition (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sfn_machine (arn TEXT PRIMARY KEY, name TEXT NOT NULL, role_arn TEXT NOT NULL,
  definition_id TEXT NOT NULL, type TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
`;
