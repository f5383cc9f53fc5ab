// One reader of a log, from the opened socket to the last line. API Gateway passes a connection's query only when it is
// opened, so the job is noted until the first message comes (turn.ts).

import { Logger } from '@aws-lambda-powertools/logger';
import type { Connections } from '../../aws/websocket.ts';
import type { Context } from '../../core/context.ts';
import { ApiError, internalError } from '../../core/error/api-error.ts';
import type { JobId } from '../../core/id/identifier.ts';
import { startLog } from '../../engine/log/connection.ts';
import { errorFrames, type LogFrame } from '../../engine/log/frame.ts';
import { pumpLog, type Sent } from '../../engine/log/pump.ts';
import { beginTurns, forgetReader, loadNote, takeTurn } from './turn.ts';

const logger = new Logger({ serviceName: 'espalier' });

export type Reader = {
  readonly connectionId: string;
  readonly connections: Connections;
  /** The pause between two looks, in milliseconds. Tests move their clock instead. */
  readonly wait?: (ms: number) => Promise<unknown>;
};

/**
 * Reads the client's first message. Later messages are ignored.
 * @returns true when there is something to pump; false when the reader was refused, with the reason, and disconnected
 */
export async function admitReader(context: Context, reader: Reader, text: string): Promise<boolean> {
  const note = await loadNote(context, reader.connectionId);
  if (note === undefined) return false;
  try {
    const connection = await startLog(context, text, note.job, note.openedAt);
    return await beginTurns(context, reader.connectionId, note, connection);
  } catch (error) {
    await letGo(context, reader, note.job, error);
    return false;
  }
}

/**
 * Pumps for one turn.
 *
 * @param until in milliseconds since 1970
 * @returns true when the next turn goes on; false at the end of the log, when the reader has gone, or when the stream
 * broke off and the reader got the reason
 */
export async function pumpReader(context: Context, reader: Reader, turn: number, until: number): Promise<boolean> {
  const taken = await takeTurn(context, reader.connectionId, turn);
  if (taken === undefined) return false;
  const { wait } = reader;
  const to = { send: (frame: LogFrame) => send(reader, frame), keep: taken.keep, ...(wait ? { wait } : {}) };
  try {
    const pumped = await pumpLog(context, taken.connection, to, until);
    if (!pumped.done) return await taken.keep(pumped.connection);
    await end(context, reader);
    return false;
  } catch (error) {
    await letGo(context, reader, taken.connection.job, error);
    return false;
  }
}

/**
 * Sends one message for each line, one after the other. Clients read one JSON object from a message and print one line
 * of it. They print nothing of an array or of several objects, and then lose their exit code; a text with line breaks
 * loses the name and level before each line. Two messages that are under way at once are two requests, which API
 * Gateway may pass on in either order.
 */
function send({ connections, connectionId }: Reader, frame: LogFrame): Promise<Sent> {
  return connections.post(connectionId, JSON.stringify(frame));
}

/** Clients print any id here. A malformed one was refused when the socket was opened. */
async function letGo(context: Context, reader: Reader, job: string, error: unknown): Promise<void> {
  const refusal = refusalOf(error, reader.connectionId);
  for (const frame of errorFrames(job as JobId, context.now(), refusal)) await send(reader, frame);
  await end(context, reader);
}

async function end(context: Context, { connections, connectionId }: Reader): Promise<void> {
  await connections.close(connectionId);
  await forgetReader(context, connectionId);
}

function refusalOf(error: unknown, connectionId: string): ApiError {
  if (error instanceof ApiError) return error;
  logger.error('fault', { requestId: connectionId, error: error as Error });
  return internalError(connectionId);
}
