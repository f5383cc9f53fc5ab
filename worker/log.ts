// The job's log: every line becomes one JSON object on the worker's stdout, which is the only way it leaves
// (stdout → CloudWatch Logs → the log function). Lines are data: nothing here interprets them.

/** A longer line is cut (dx-api.md §14: 8,000 characters a line). */
const LINE_LENGTH_LIMIT = 8000;

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
  /** A consumer for a stream of bytes: splits it into lines, also across chunks; `end` flushes the last one. */
  consumer(level: Level): { write(chunk: Buffer): void; end(): void };
  /** Bytes of text so far. */
  size(): number;
};

/** `write` receives one complete line with its line break; `onFull` is called once, when more than `limitBytes` came. */
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
  const line = (level: Level, text: string, source: Source = 'APP'): void => {
    if (full && source === 'APP') return;
    bytes += Buffer.byteLength(text) + 1;
    const kept = text.length > LINE_LENGTH_LIMIT ? `${text.slice(0, LINE_LENGTH_LIMIT)}... [truncated]` : text;
    sequence += 1;
    const entry = { t: options.now(), n: sequence, l: level, s: source, m: kept, j: options.job, y: options.try };
    options.write(`${JSON.stringify(entry)}\n`);
    if (bytes > options.limitBytes && !full) {
      full = true;
      options.onFull();
    }
  };
  return { line, consumer: (level) => createConsumer((text) => line(level, text)), size: () => bytes };
}

function createConsumer(emit: (text: string) => void): { write(chunk: Buffer): void; end(): void } {
  const decoder = new TextDecoder();
  let rest = '';
  const drain = (text: string): void => {
    const pieces = (rest + text).split('\n');
    rest = pieces.pop() ?? '';
    for (const piece of pieces) emit(piece.replace(/\r$/, ''));
    // A line without end must not fill the memory: it is given out in pieces.
    while (rest.length > 2 * LINE_LENGTH_LIMIT) {
      emit(rest.slice(0, LINE_LENGTH_LIMIT));
      rest = rest.slice(LINE_LENGTH_LIMIT);
    }
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
