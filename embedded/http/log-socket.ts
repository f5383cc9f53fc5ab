// The log of a job on a WebSocket of the API's port (docs/reference/api.md, "Log of a job").

import type { IncomingMessage, Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { nextRequestId } from '../../api/http/reply-header.ts';
import type { Context } from '../../core/context.ts';
import { ApiError, internalError, resourceNotFound } from '../../core/error/api-error.ts';
import { isId, type JobId } from '../../core/id/identifier.ts';
import { startLog } from '../../engine/log/connection.ts';
import { errorFrames, type LogFrame } from '../../engine/log/frame.ts';
import { pumpLog, type Sent } from '../../engine/log/pump.ts';
import { refuseOn } from './raw-refusal.ts';

type Report = (what: string, fault: unknown) => void;

/** Returns a function that ends all sockets. */
export function serveLogSockets(server: Server, context: Context, report: Report): () => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maximumFrameBytes });
  server.on('upgrade', (req: IncomingMessage, socket, head) => {
    socket.on('error', () => socket.destroy());
    const job = jobOf(req.url ?? '');
    if (job === undefined) {
      const hint = 'a log is at /job-xxxx/getLog/websocket';
      return refuseOn(socket, resourceNotFound(`socket ${req.url}`, hint));
    }
    sockets.handleUpgrade(req, socket, head, (reader) => {
      const openedAt = context.now();
      // The close that follows ends the pump.
      reader.on('error', () => undefined);
      reader.once('message', (data) => {
        void pump(context, reader, { job, openedAt, text: String(data) }, report);
      });
    });
  });
  return () => {
    for (const reader of sockets.clients) reader.terminate();
  };
}

function jobOf(url: string): JobId | undefined {
  const [, job] = /^\/(job-[0-9A-Za-z]{24})\/getLog\/websocket(?:\?|$)/.exec(url) ?? [];
  return isId(job, 'job') ? job : undefined;
}

/** The first message of a reader says what it wants. Later ones are ignored. */
async function pump(
  context: Context,
  reader: WebSocket,
  { job, openedAt, text }: { readonly job: JobId; readonly openedAt: number; readonly text: string },
  report: Report,
): Promise<void> {
  const send = async (frame: LogFrame): Promise<Sent> => {
    if (reader.readyState !== reader.OPEN) return 'gone';
    if (reader.bufferedAmount > longestQueueBytes) return 'busy';
    reader.send(JSON.stringify(frame));
    return 'sent';
  };
  const wait = (ms: number) => sleep(Math.min(ms, longestPauseMs), undefined, { ref: false });
  const keep = async () => reader.readyState === reader.OPEN;
  try {
    const connection = await startLog(context, text, job, openedAt);
    await pumpLog(context, connection, { send, keep, wait }, Number.POSITIVE_INFINITY);
  } catch (error) {
    if (!(error instanceof ApiError)) report(`the log of ${job}`, error);
    const refusal = error instanceof ApiError ? error : internalError(nextRequestId(context.now()), { cause: error });
    for (const frame of errorFrames(job, context.now(), refusal)) await send(frame);
  }
  reader.close();
}

const maximumFrameBytes = 128 * 1024;
/** A reader that does not keep up gets no more until it has caught up. */
const longestQueueBytes = 1024 * 1024;
/** A look costs only a read of the file. */
const longestPauseMs = 200;
