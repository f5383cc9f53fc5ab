// The job's log: every line becomes one JSON object on the worker's stdout, which is its only way out (stdout →
// CloudWatch Logs → the log function). Lines are data: nothing here interprets them.

export type Level =
  | 'STDOUT'
  | 'STDERR'
  | 'DEBUG'
  | 'INFO'
  | 'NOTICE'
  | 'WARNING'
  | 'ERROR'
  | 'CRITICAL'
  | 'ALERT'
  | 'EMERG';
export type Source = 'APP' | 'SYSTEM';

export type JobLog = {
  line(level: Level, text: string, source?: Source): void;
  /** A consumer for a stream of bytes. It splits them into lines, also across chunks; `end` writes the last one. */
  consumer(level: Level): { write(chunk: Buffer): void; end(): void };
};

/**
 * `write` receives one complete line with its line break. `onFull` is called once, when more than `limitBytes` were
 * logged.
 */
export function createJobLog(options: {
  job: string;
  try: number;
  limitBytes: number;
  now: () => number;
  write: (line: string) => void;
  onFull: () => void;
}): JobLog {
  let sequence = 0;
  let bytes = 0;
  let full = false;
  const write = (level: Level, text: string, source: Source): void => {
    sequence += 1;
    const entry = { t: options.now(), n: sequence, l: level, s: source, m: text, j: options.job, y: options.try };
    options.write(`${JSON.stringify(entry)}\n`);
  };
  const line = (level: Level, text: string, source: Source = 'APP'): void => {
    if (full && source === 'APP') return;
    const kept = cut(text);
    write(level, kept, source);
    bytes += Buffer.byteLength(kept) + lineOverheadBytes;
    if (bytes <= options.limitBytes || full) return;
    full = true;
    write('ERROR', `The log is full (${options.limitBytes} bytes): further output of the job is dropped`, 'SYSTEM');
    options.onFull();
  };
  return { line, consumer: (level) => createConsumer((text) => line(level, text)) };
}

/** Text from dxpy may contain half a character too (a lone surrogate), which clients cannot print. */
function cut(text: string): string {
  const kept = text.length > lineLengthLimit ? `${text.slice(0, lineLengthLimit)}... [truncated]` : text;
  return kept.toWellFormed();
}

function createConsumer(emit: (text: string) => void): { write(chunk: Buffer): void; end(): void } {
  const decoder = new TextDecoder();
  let rest = '';
  const drain = (text: string): void => {
    const pieces = (rest + text).split('\n');
    // While a line does not end, we keep only what will be shown, and one character more to know that it was longer.
    rest = (pieces.pop() ?? '').slice(0, lineLengthLimit + 1);
    for (const piece of pieces) emit(piece.endsWith('\r') ? piece.slice(0, -1) : piece);
  };
  return {
    write: (chunk) => drain(decoder.decode(chunk, { stream: true })),
    end: () => {
      drain(decoder.decode());
      if (rest !== '') emit(rest);
      rest = '';
    },
  };
}

/** A longer line is cut (docs/reference/api.md, "Log sockets of a job": 8,000 characters a line). */
const lineLengthLimit = 8000;
/** A line counts this beside its text, as in CloudWatch Logs. Without it a flood of empty lines would not count. */
const lineOverheadBytes = 26;
