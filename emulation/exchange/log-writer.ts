// Carries the lines of one log stream to CloudWatch Logs in order, as a container's log driver does: whoever writes never
// waits, what cannot be sent waits in memory, and more than that is dropped. It knows no group's settings.
import { setTimeout as delay } from 'node:timers/promises';
import { eventOverheadBytes, splitMessage } from '../cloud/logs/log-core.ts';
import type { LogLine } from '../cloud/logs/log-table.ts';

export type LogWriterOptions = {
  readonly group: string;
  readonly stream: string;
  /** Calls CloudWatch Logs; the `name` of what it throws is the error's code. */
  call(operation: string, input: object): Promise<unknown>;
  report(what: string, fault: unknown): void;
  /** Told when nothing waits any more: the writer may be forgotten. */
  onIdle(): void;
};

export type LogWriter = {
  append(lines: readonly LogLine[]): void;
  /** Resolves when nothing waits any more, or with the signal; what was not sent by then is reported. */
  drained(signal: AbortSignal): Promise<void>;
};

const MAX_WAITING_BYTES = 16 * 1024 * 1024;
const RETRY_PAUSE_MS = 1_000;

export function createLogWriter(options: LogWriterOptions): LogWriter {
  return new Writer(options);
}

class Writer implements LogWriter {
  readonly #options: LogWriterOptions;
  readonly #what: string;
  #waiting: LogLine[] = [];
  #waitingBytes = 0;
  #lostCount = 0;
  #failing = false;
  #sending: Promise<void> | undefined;
  #closing: AbortSignal | undefined;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#what = `log ${options.group} ${options.stream}`;
  }

  append(lines: readonly LogLine[]): void {
    for (const { timestamp, message } of lines) {
      for (const piece of splitMessage(message)) this.#add({ timestamp, message: piece });
    }
    this.#sending ??= this.#sendAll();
  }

  async drained(signal: AbortSignal): Promise<void> {
    this.#closing = signal;
    const late = new Promise((resolve) => signal.addEventListener('abort', resolve));
    await Promise.race([this.#sending, late]);
    this.#lostCount += this.#waiting.length;
    this.#tellLost('the platform ended');
  }

  #add(line: LogLine): void {
    const bytes = sizeOf(line);
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.#lostCount += 1;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += bytes;
  }

  async #sendAll(): Promise<void> {
    // Lines that come in the same moment go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = nextBatch(this.#waiting);
      const sent = await this.#send(batch);
      if (!sent && this.#closing?.aborted) break;
      if (!sent) continue;
      this.#waiting = this.#waiting.slice(batch.length);
      for (const line of batch) this.#waitingBytes -= sizeOf(line);
      this.#tellLost(`more than ${MAX_WAITING_BYTES} bytes waited`);
    }
    // In the same breath as the last look: a line that comes now starts anew.
    this.#sending = undefined;
    if (this.#waiting.length === 0) this.#options.onIdle();
  }

  /** False when the same lines are to be sent again. */
  async #send(batch: readonly LogLine[]): Promise<boolean> {
    const { call, report } = this.#options;
    const logEvents = [...batch].sort((left, right) => left.timestamp - right.timestamp);
    try {
      await this.#orMakeStream(() => call('PutLogEvents', { ...this.#names(), logEvents }));
      this.#failing = false;
      return true;
    } catch (fault) {
      if (!this.#failing) report(this.#what, fault);
      this.#failing = true;
      // Lines that were refused for what they are would be refused for ever.
      if ((fault as Error).name === 'InvalidParameterException') return true;
      await delay(RETRY_PAUSE_MS, undefined, { ref: false, ...(this.#closing ? { signal: this.#closing } : {}) }).catch(
        () => undefined,
      );
      return false;
    }
  }

  /** The stream is made with its first line. */
  async #orMakeStream(put: () => Promise<unknown>): Promise<void> {
    const { call } = this.#options;
    try {
      await put();
    } catch (fault) {
      if ((fault as Error).name !== 'ResourceNotFoundException') throw fault;
      const { logGroupName } = this.#names();
      await call('CreateLogGroup', { logGroupName }).catch(unlessThere);
      await call('CreateLogStream', this.#names()).catch(unlessThere);
      await put();
    }
  }

  #names() {
    const { group, stream } = this.#options;
    return { logGroupName: group, logStreamName: stream };
  }

  #tellLost(reason: string): void {
    if (this.#lostCount === 0) return;
    this.#options.report(this.#what, new Error(`${this.#lostCount} lines were not sent: ${reason}`));
    this.#lostCount = 0;
  }
}

/** As many lines from the front as one PutLogEvents takes. */
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

/** For what another one may have made meanwhile. */
export function unlessThere(fault: Error): void {
  if (fault.name !== 'ResourceAlreadyExistsException') throw fault;
}

/** Limits of one PutLogEvents (API_PutLogEvents). */
export const maximumBatchEvents = 10_000;
export const maximumBatchBytes = 1_048_576;
export const maximumSpanMs = 24 * 3_600_000;
