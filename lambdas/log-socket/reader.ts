// One reader of a log, from the opened socket to the last line. API Gateway tells a connection's query only when it is
// opened, so the job is noted until the first message comes; then everything travels in the payload of the pump.
import { Logger } from '@aws-lambda-powertools/logger';
import type { Connections } from '../../aws/websocket.ts';
import type { Context, Key } from '../../core/context.ts';
import { ApiError, internalError } from '../../core/error/api-error.ts';
import type { JobId } from '../../core/id/identifier.ts';
import { type LogConnection, startLog } from '../../engine/log/connection.ts';
import { errorFrames, type LogFrame } from '../../engine/log/frame.ts';
import { pumpLog } from '../../engine/log/pump.ts';

const logger = new Logger({ serviceName: 'espalier' });

/** API Gateway ends a connection after two hours; a note is spent by the first message, or forgotten then. */
const noteSeconds = 2 * 3600;

export type Reader = { readonly connectionId: string; readonly connections: Connections };

/** Notes which job a connection was opened for; nobody is authenticated yet. */
export async function noteReader(context: Context, connectionId: string, job: string): Promise<void> {
  const expiresAtSeconds = Math.floor(context.now() / 1000) + noteSeconds;
  await context.rows.put('identities', { ...noteKey(connectionId), job, expiresAtSeconds });
}

export async function forgetReader(context: Context, connectionId: string): Promise<void> {
  await context.rows.delete('identities', noteKey(connectionId));
}

/**
 * Reads the client's first message; what it says afterwards is ignored.
 * @returns what to pump; undefined when there is nothing to do, or the reader was refused, told so, and let go.
 */
export async function admitReader(context: Context, reader: Reader, text: string): Promise<LogConnection | undefined> {
  const note = await context.rows.get('identities', noteKey(reader.connectionId));
  if (
    note === undefined ||
    !(await context.rows.delete('identities', noteKey(reader.connectionId), { job: note.job as string }))
  ) {
    return undefined;
  }
  const job = String(note.job);
  try {
    return await startLog(context, text, job);
  } catch (error) {
    // Clients print any id here; a malformed one was refused when the socket was opened.
    await send(reader, errorFrames(job as JobId, context.now(), refusalOf(error, reader.connectionId)));
    await reader.connections.close(reader.connectionId);
    return undefined;
  }
}

/** @returns what the next invocation goes on with; undefined at the end of the log, or when the reader has gone. */
export async function pumpReader(
  context: Context,
  reader: Reader,
  connection: LogConnection,
  until: number,
): Promise<LogConnection | undefined> {
  const pumped = await pumpLog(context, connection, (frame) => send(reader, [frame]), until);
  if (!pumped.done) return pumped.connection;
  await reader.connections.close(reader.connectionId);
  return undefined;
}

/** One message for each frame, as clients read them. */
async function send({ connections, connectionId }: Reader, frames: readonly LogFrame[]): Promise<boolean> {
  for (const frame of frames) if (!(await connections.post(connectionId, JSON.stringify(frame)))) return false;
  return true;
}

function refusalOf(error: unknown, connectionId: string): ApiError {
  if (error instanceof ApiError) return error;
  logger.error('fault', { requestId: connectionId, error: error as Error });
  return internalError(connectionId);
}

function noteKey(connectionId: string): Key {
  return { pk: `connection#${connectionId}`, sk: 'A' };
}
