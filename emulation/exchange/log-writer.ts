// Sends the lines of one log stream to CloudWatch Logs in order, as a container's log driver does. A writer never
// waits. Lines that cannot be sent are kept in memory up to a limit, and further lines are dropped.

import { setTimeout as delay } from 'node:timers/promises';
import { eventOverheadBytes, splitMessage } from '../cloud/logs/log-core.ts';
import type { LogLine } from '../cloud/logs/log-table.ts';

export type LogWriterOptions = {
  readonly group: string;
  readonly stream: string;
  /** Calls CloudWatch Logs. @throws Error whose `name` is the error's code. */
  call(operation: string, input: object): Promise<unknown>;
  report(what: string, fault: unknown): void;
  /** Called when all lines were sent, so that the writer may be forgotten. */
  onIdle(): void;
};

export type LogWriter = {
  append(lines: readonly LogLine[]): void;
  /** Resolves when all lines were sent or the signal fires. The number of lines not sent by then is reported. */
  drained(signal: AbortSignal): Promise<void>;
};

export function createLogWriter({ group, stream, call, report, onIdle }: LogWriterOptions): LogWriter {
  const what = `log ${group} ${stream}`;
  const sender = createSender({ logGroupName: group, logStreamName: stream }, call, (fault) => report(what, fault));
  let waiting: LogLine[] = [];
  let waitingBytes = 0;
  let lostCount = 0;
  let sending: Promise<void> | undefined;
  let closing: AbortSignal | undefined;

  const add = (line: LogLine) => {
    const bytes = sizeOf(line);
    if (waitingBytes + bytes > maximumWaitingBytes) {
      lostCount += 1;
      return;
    }
    waiting.push(line);
    waitingBytes += bytes;
  };
  const reportLost = (reason: string) => {
    if (lostCount > 0) report(what, new Error(`${lostCount} lines were not sent: ${reason}`));
    lostCount = 0;
  };
  const sendAll = async () => {
    // Lines that arrive in the same tick are sent together.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = nextBatch(waiting);
      const sent = await sender.send(batch, () => closing);
      if (!sent && closing?.aborted) break;
      if (!sent) continue;
      waiting = waiting.slice(batch.length);
      for (const line of batch) waitingBytes -= sizeOf(line);
      reportLost(`more than ${maximumWaitingBytes} bytes waited`);
    }
    // There is no await since the last look at `waiting`, so a line that arrives now starts a new run.
    sending = undefined;
    if (waiting.length === 0) onIdle();
  };
  return {
    append(lines) {
      for (const { timestamp, message } of lines) {
        for (const piece of splitMessage(message)) add({ timestamp, message: piece });
      }
      sending ??= sendAll();
    },
    async drained(signal) {
      closing = signal;
      const late = new Promise((resolve) => signal.addEventListener('abort', resolve));
      await Promise.race([sending, late]);
      lostCount += waiting.length;
      reportLost('the platform ended');
    },
  };
}

type StreamNames = { readonly logGroupName: string; readonly logStreamName: string };

/** Sends batches to one stream and creates it when needed. A fault is reported once until a batch is accepted. */
function createSender(names: StreamNames, call: LogWriterOptions['call'], onFault: (fault: unknown) => void) {
  let failing = false;
  const orMakeStream = async (put: () => Promise<unknown>) => {
    try {
      await put();
    } catch (fault) {
      if ((fault as Error).name !== 'ResourceNotFoundException') throw fault;
      await call('CreateLogGroup', { logGroupName: names.logGroupName }).catch(unlessThere);
      await call('CreateLogStream', names).catch(unlessThere);
      await put();
    }
  };
  return {
    /** Returns false when the same lines must be sent again. */
    async send(batch: readonly LogLine[], closing: () => AbortSignal | undefined): Promise<boolean> {
      const logEvents = [...batch].sort((left, right) => left.timestamp - right.timestamp);
      try {
        await orMakeStream(() => call('PutLogEvents', { ...names, logEvents }));
        failing = false;
        return true;
      } catch (fault) {
        if (!failing) onFault(fault);
        failing = true;
        // Lines that are refused for their content would be refused every time.
        if ((fault as Error).name === 'InvalidParameterException') return true;
        const signal = closing();
        await delay(retryPauseMs, undefined, { ref: false, ...(signal ? { signal } : {}) }).catch(() => undefined);
        return false;
      }
    },
  };
}

/** The first lines, as many as one PutLogEvents takes. */
function nextBatch(lines: readonly LogLine[]): LogLine[] {
  const [first] = lines;
  let bytes = 0;
  let count = 0;
  for (const line of lines.slice(0, maximumBatchEvents)) {
    bytes += sizeOf(line);
    const fits = bytes <= maximumBatchBytes && Math.abs(line.timestamp - (first?.timestamp ?? 0)) < maximumSpanMs / 2;
    if (!fits && count > 0) break;
    count += 1;
  }
  return lines.slice(0, count);
}

function sizeOf({ message }: LogLine): number {
  return Buffer.byteLength(message) + eventOverheadBytes;
}

/** Ignores the error that says that the group or stream exists already. */
export function unlessThere(fault: Error): void {
  if (fault.name !== 'ResourceAlreadyExistsException') throw fault;
}

/** The limits of one PutLogEvents (API_PutLogEvents). */
export const maximumBatchEvents = 10_000;
export const maximumBatchBytes = 1_048_576;
export const maximumSpanMs = 24 * 3_600_000;
const maximumWaitingBytes = 16 * 1024 * 1024;
const retryPauseMs = 1_000;
