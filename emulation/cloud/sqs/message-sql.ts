// The schema and the statements of the message table.

import type { DatabaseSync } from 'node:sqlite';

/** Creates the table if it is absent, and prepares its statements. */
export function prepareMessageSql(database: DatabaseSync) {
  database.exec(schema);
  const of = (text: string) => database.prepare(text);
  return {
    insert: of(`INSERT INTO sqs_message (queue, message_id, body, group_id, sender_id, sent_at, visible_at)
      VALUES (?, ?, ?, ?, ?, ?, ?)`),
    // A loose index scan: it makes one seek per group instead of one step per message. Picks never come from more
    // groups than the number of messages asked for, so the first groups in the order of pickFairly are enough.
    groups: of(`WITH RECURSIVE found (group_id) AS (
        SELECT min(group_id) FROM sqs_message WHERE queue = :queue
        UNION ALL
        SELECT (SELECT min(group_id) FROM sqs_message WHERE queue = :queue AND group_id > found.group_id)
        FROM found WHERE found.group_id IS NOT NULL),
      waiting AS (SELECT group_id, (SELECT visible_at FROM sqs_message m WHERE m.queue = :queue
          AND m.group_id = found.group_id AND visible_at <= :at AND sent_at > :expiredBefore
          ORDER BY visible_at, id LIMIT 1) AS head FROM found WHERE group_id IS NOT NULL)
      SELECT group_id, (SELECT count(*) FROM sqs_message m WHERE m.queue = :queue AND m.group_id = waiting.group_id
          AND visible_at > :at AND receipt IS NOT NULL) AS in_flight
      FROM waiting WHERE head IS NOT NULL ORDER BY in_flight, head LIMIT :max`),
    anyVisible: of('SELECT 1 FROM sqs_message WHERE queue = ? AND visible_at <= ? LIMIT 1'),
    waitingOfGroup: of(`SELECT id, visible_at, receive_count - receive_count_elsewhere AS receives FROM sqs_message
      WHERE queue = ? AND group_id = ? AND visible_at <= ? AND sent_at > ? ORDER BY visible_at, id LIMIT ?`),
    take: of(`UPDATE sqs_message SET visible_at = ?, receipt = ?, receive_count = receive_count + 1,
      first_received_at = coalesce(first_received_at, ?) WHERE id = ?`),
    read: of('SELECT * FROM sqs_message WHERE id = ?'),
    move: of(`UPDATE sqs_message SET queue = ?, visible_at = ?, receipt = NULL, dead_letter_source = ?,
      receive_count_elsewhere = receive_count WHERE id = ?`),
    remove: of('DELETE FROM sqs_message WHERE id = ? AND queue = ? AND receipt = ?'),
    release: of(
      'UPDATE sqs_message SET visible_at = :at WHERE queue = :queue AND visible_at > :at AND receipt IS NOT NULL',
    ),
    depth: of(`SELECT sum(visible_at <= :at) AS visible, sum(visible_at > :at AND receipt IS NOT NULL) AS in_flight,
      sum(visible_at > :at AND receipt IS NULL) AS delayed
      FROM sqs_message WHERE queue = :queue AND sent_at > :expiredBefore`),
    expire: of('DELETE FROM sqs_message WHERE queue = ? AND sent_at <= ?'),
    nextVisible: of('SELECT min(visible_at) AS at FROM sqs_message WHERE queue = ? AND visible_at > ?'),
  };
}

const schema = `CREATE TABLE IF NOT EXISTS sqs_message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, message_id TEXT NOT NULL, body TEXT NOT NULL,
    group_id TEXT NOT NULL, sender_id TEXT NOT NULL,
    sent_at INTEGER NOT NULL, visible_at INTEGER NOT NULL, receipt TEXT, first_received_at INTEGER,
    receive_count INTEGER NOT NULL DEFAULT 0, receive_count_elsewhere INTEGER NOT NULL DEFAULT 0, dead_letter_source TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS sqs_message_by_group ON sqs_message (queue, group_id, visible_at, id)`;
