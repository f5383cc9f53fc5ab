// Rules that were made through the API, durable. It knows nothing of matching or delivery.
import type { DatabaseSync } from 'node:sqlite';

export type StoredTarget = {
  id: string;
  arn: string;
  input?: string;
  retryAttempts?: number;
  eventAgeSeconds?: number;
};
export type StoredRule = {
  name: string;
  pattern?: string;
  scheduleSeconds?: number;
  enabled: boolean;
  targets: readonly StoredTarget[];
};

export type RuleTable = {
  all(): StoredRule[];
  get(name: string): StoredRule | undefined;
  put(rule: StoredRule): void;
  remove(name: string): void;
};

export function openRuleTable(database: DatabaseSync): RuleTable {
  database.exec('CREATE TABLE IF NOT EXISTS events_rule (name TEXT PRIMARY KEY, rule TEXT NOT NULL) STRICT');
  const all = database.prepare('SELECT rule FROM events_rule ORDER BY name');
  const get = database.prepare('SELECT rule FROM events_rule WHERE name = ?');
  const put = database.prepare('INSERT OR REPLACE INTO events_rule VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM events_rule WHERE name = ?');
  return {
    all: () => all.all().map((row) => JSON.parse(String(row.rule)) as StoredRule),
    get(name) {
      const row = get.get(name);
      return row && (JSON.parse(String(row.rule)) as StoredRule);
    },
    put: (rule) => void put.run(rule.name, JSON.stringify(rule)),
    remove: (name) => void remove.run(name),
  };
}
