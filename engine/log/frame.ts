// Reads a log client's only frame, and makes the platform's frames (docs/reference/api.md, "Log of a job").

import { type ApiError, invalidInput } from '../../core/error/api-error.ts';
import { given } from '../../core/given.ts';
import type { JobId } from '../../core/id/identifier.ts';
import { isHash } from '../../core/reference/value.ts';

/** A JSON object that is sent as one text frame. Clients need every key except `jobTry`. */
export type LogFrame = {
  readonly timestamp: number;
  readonly source: string;
  readonly level: string;
  readonly job: JobId;
  readonly jobTry?: number;
  readonly line: number;
  readonly msg: string;
};

/** The request in the client's frame. */
export type LogRequest = {
  readonly token: string;
  /** The number of lines to send, counted from the last, of those that exist already. */
  readonly recentCount: number;
  /** Also follow the jobs below the job. */
  readonly recurse: boolean;
  /** Continue until the job has ended. */
  readonly tail: boolean;
  /** The levels to send; absent for all. */
  readonly levels?: readonly string[] | undefined;
  readonly try?: number;
};

/**
 * Reads the client's frame. Missing fields get the values that `dx watch` sends.
 *
 * @throws ApiError InvalidInput that names all malformed fields
 */
export function readLogRequest(text: string): LogRequest {
  const frame = parse(text);
  const problems: string[] = [];
  const {
    access_token: token,
    numRecentMessages = maximumRecentCount,
    recurseJobs = false,
    tail = true,
    levels,
  } = frame;
  if (typeof token !== 'string' || token === '') problems.push('"access_token" must be a string');
  if (!isCount(numRecentMessages)) problems.push('"numRecentMessages" must be an integer from 0');
  if (typeof recurseJobs !== 'boolean') problems.push('"recurseJobs" must be true or false');
  if (typeof tail !== 'boolean') problems.push('"tail" must be true or false');
  if (levels !== undefined && levels !== null && !isTexts(levels))
    problems.push('"levels" must be an array of strings');
  const attempt = frame.try ?? undefined;
  if (attempt !== undefined && !isCount(attempt)) problems.push('"try" must be an integer from 0');
  if (problems.length > 0) throw invalidInput(problems);
  return {
    token: token as string,
    recentCount: Math.min(numRecentMessages as number, maximumRecentCount),
    recurse: recurseJobs as boolean,
    tail: tail as boolean,
    ...given({ levels: (levels ?? undefined) as string[] | undefined, try: attempt as number | undefined }),
  };
}

/**
 * A line of a worker's stream as a frame for a job's try. 'end' is the last line that a worker writes for the try, and
 * undefined a line of another job. A text that is not in a worker's format is shown as it is, because it may say why a
 * worker broke.
 */
export function toFrame(
  text: string,
  timestamp: number,
  of: { readonly job: JobId; readonly try: number },
): LogFrame | 'end' | undefined {
  const line = parseLine(text);
  if (line === undefined) return frameOf(of, { time: timestamp, source: 'SYSTEM', level: 'INFO', line: 0, msg: text });
  if (line.s === 'SYSTEM' && line.m === endOfLog && line.j === of.job && line.y === of.try) return 'end';
  if ((line.j ?? of.job) !== of.job || (line.y ?? of.try) !== of.try) return undefined;
  return frameOf(of, {
    time: isTime(line.t) ? line.t : timestamp,
    source: typeof line.s === 'string' ? line.s.slice(0, maximumWordLength) : 'SYSTEM',
    level: typeof line.l === 'string' ? line.l.slice(0, maximumWordLength) : 'INFO',
    line: typeof line.n === 'number' ? line.n : 0,
    msg: typeof line.m === 'string' ? line.m : '',
  });
}

/** The lines of a try are numbered. If some are missing before this one, returns a line that says so. */
export function missingFrame(frame: LogFrame, last: number | undefined): LogFrame | undefined {
  const count = last === undefined || frame.line === 0 ? 0 : frame.line - last - 1;
  if (count <= 0) return undefined;
  const lines = count === 1 ? '1 line is' : `${count} lines are`;
  const msg = `${lines} missing here: the job printed faster than its log could be stored`;
  return { ...frame, source: 'SYSTEM', level: 'WARNING', line: 0, msg };
}

/**
 * A frame that keeps a silent connection open, because API Gateway ends one on which nothing is sent.
 *
 * Pings cannot be sent, and clients show every frame. A frame that they cannot read costs them their exit code and last
 * lines. A reader who asked for certain levels, so that a file holds nothing else, gets an empty line of one of them.
 */
export function stillFrame(
  { job, try: jobTry, levels }: Pick<LogRequest, 'levels'> & { readonly job: JobId; readonly try: number },
  now: number,
  { state, silentMs }: { readonly state: string; readonly silentMs: number },
): LogFrame {
  const frame = { ...placeOf({ job, try: jobTry }), timestamp: now, source: 'SYSTEM', line: 0 };
  const level = levels?.[0];
  if (level !== undefined) return { ...frame, level, msg: '' };
  const msg = `No new line for ${Math.round(silentMs / 60_000)} minutes; ${job} is ${state}`;
  return { ...frame, level: 'INFO', msg };
}

/** The last frames before API Gateway ends a connection for its age: why it ends, and how to follow the job again. */
export function partingFrames(of: { readonly job: JobId; readonly try: number }, now: number): LogFrame[] {
  const msg = `This stream ends because a connection may last at most two hours. The job continues. "dx watch ${of.job}" shows its log from the start and follows it again`;
  const frame = { ...placeOf(of), timestamp: now, source: 'SYSTEM', level: 'WARNING', line: 0, msg };
  return [frame, endFrame(of.job, now)];
}

/** A line of the platform for a job that has no worker yet. */
export function waitingFrame(of: { readonly job: JobId; readonly try: number }, now: number, msg: string): LogFrame {
  return { ...placeOf(of), timestamp: now, source: 'SYSTEM', level: 'INFO', line: 0, msg };
}

/** The frame after which the client closes the connection. */
export function endFrame(job: JobId, timestamp: number): LogFrame {
  return { timestamp, source: 'SYSTEM', level: 'INFO', job, line: 0, msg: endOfLog };
}

/** An error for the reader, and the end. API Gateway cannot send a reason when it closes a connection. */
export function errorFrames(job: JobId, timestamp: number, error: Pick<ApiError, 'type' | 'message'>): LogFrame[] {
  const msg = `${error.type}: ${error.message}`;
  // A client that asked for a try prints the try of each line.
  const frame = { timestamp, source: 'SYSTEM', level: 'ERROR', job, jobTry: 0, line: 0, msg };
  return [frame, endFrame(job, timestamp)];
}

function parse(text: string): { readonly [key: string]: unknown } {
  try {
    const frame: unknown = JSON.parse(text);
    if (isHash(frame)) return frame;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw invalidInput('The first frame must be a JSON object with "access_token"');
}

type WorkerLine = {
  readonly t?: unknown;
  readonly n?: unknown;
  readonly l?: unknown;
  readonly s?: unknown;
  readonly m?: unknown;
  readonly j?: unknown;
  readonly y?: unknown;
};

/** Parses a worker's line: `{"t":ms,"n":seq,"l":level,"s":source,"m":text,"j":job,"y":try}` (worker/log.ts). */
function parseLine(text: string): WorkerLine | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const line: unknown = JSON.parse(text);
    return isHash(line) && 'm' in line ? line : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

type Words = Pick<LogFrame, 'source' | 'level' | 'line' | 'msg'> & { readonly time: number };

/** A worker cuts its own lines. Other texts in a stream must also fit into a message and be printable. */
function frameOf(
  of: { readonly job: JobId; readonly try: number },
  { time, source, level, line, msg }: Words,
): LogFrame {
  const kept = msg.length > maximumLineLength ? `${msg.slice(0, maximumLineLength)}... [truncated]` : msg;
  // Only the platform may say that a log has ended.
  const by = msg === endOfLog ? 'APP' : source.toWellFormed();
  return { ...placeOf(of), timestamp: time, source: by, level: level.toWellFormed(), line, msg: kept.toWellFormed() };
}

function placeOf({ job, try: jobTry }: { readonly job: JobId; readonly try: number }) {
  return { job, jobTry };
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length <= maximumLevelCount && value.every((item) => typeof item === 'string');
}

/** A forged line may hold any time, but clients can only print years up to 9999. */
function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < endOfTime;
}

const endOfLog = 'END_LOG';
const endOfTime = Date.UTC(9999, 0);
/** The length at which worker/log.ts cuts lines, with room for its mark. */
const maximumLineLength = 8_100;
const maximumWordLength = 40;
/** The number that `dx watch` asks for. Older lines are never sent. */
const maximumRecentCount = 262_144;
const maximumLevelCount = 20;
