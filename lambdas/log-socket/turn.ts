// Decides which invocation may pump a connection. A pump lasts as long as a function may, then the next one goes on.
// Events are delivered at least once, and again after a failure, so each turn is taken by one invocation, from the
// position that the last one kept.

import type { Context } from '../../core/context.ts';
import { type ConnectionRow, connectionKey, connectionRow, readConnection } from '../../core/row/identities.ts';
import type { LogConnection } from '../../engine/log/connection.ts';

export type Turn = {
  readonly connection: LogConnection;
  /** False when the reader has gone, or another invocation pumps. This invocation is then over. */
  keep(connection: LogConnection): Promise<boolean>;
};

/** Notes the job for which a connection was opened. The caller is not authenticated yet. */
export async function noteReader(context: Context, connectionId: string, job: string): Promise<void> {
  const openedAt = context.now();
  const expiresAtSeconds = Math.floor(openedAt / 1000) + noteSeconds;
  await context.rows.put('identities', connectionRow(connectionId, { job, openedAt, expiresAtSeconds }));
}

export type Note = Pick<ConnectionRow, 'job' | 'openedAt' | 'expiresAtSeconds'>;

/** Undefined when the connection has gone, or its first message has come already. */
export async function loadNote(context: Context, connectionId: string): Promise<Note | undefined> {
  const note = readConnection(await context.rows.get('identities', connectionKey(connectionId)));
  return note?.turn === undefined ? note : undefined;
}

/** Stores what is pumped from the first turn on. False when another message was first. */
export async function beginTurns(
  context: Context,
  connectionId: string,
  note: Note,
  connection: LogConnection,
): Promise<boolean> {
  const begun = { ...note, turn: 0, owner: '', keptAt: 0, connection: JSON.stringify(connection) };
  return context.rows.put('identities', connectionRow(connectionId, begun), { job: note.job, turn: undefined });
}

/** Undefined when the reader has gone, when a living pump has the turn, or when the turn is over. */
export async function takeTurn(context: Context, connectionId: string, turn: number): Promise<Turn | undefined> {
  const row = readConnection(await context.rows.get('identities', connectionKey(connectionId)));
  if (row?.turn === undefined || row.owner === undefined || row.connection === undefined) return undefined;
  if (turn < row.turn || (turn === row.turn && context.now() - (row.keptAt ?? 0) < lapseMs)) return undefined;
  const owner = Buffer.from(context.random(8)).toString('hex');
  const taken = { ...row, turn, owner, keptAt: context.now() };
  const seen = { turn: row.turn, owner: row.owner };
  if (!(await context.rows.put('identities', connectionRow(connectionId, taken), seen))) return undefined;
  return {
    connection: JSON.parse(row.connection) as LogConnection,
    keep: (connection) => {
      const kept = { ...taken, keptAt: context.now(), connection: JSON.stringify(connection) };
      return context.rows.put('identities', connectionRow(connectionId, kept), { owner });
    },
  };
}

/** The connection has ended. A first message that comes now is not read, and a running pump stops. */
export async function forgetReader(context: Context, connectionId: string): Promise<void> {
  await context.rows.delete('identities', connectionKey(connectionId));
}

/** API Gateway ends a connection after two hours. Its notes are forgotten after this time. */
const noteSeconds = 3 * 3600;
/** A pump that has kept nothing for this long has died. Lambda waits longer before it tries an event again. */
const lapseMs = 30_000;
