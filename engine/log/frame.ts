// What the log WebSocket says and hears (dx-api.md §5.3): the client's only frame, and ours. Knows no transport.

import { type ApiError, invalidInput } from '../../core/error/api-error.ts';
import type { JobId } from '../../core/id/identifier.ts';
import { isHash } from '../../core/reference/value.ts';

/** One JSON object, one text frame. Clients need every key but `jobTry`. */
export type LogFrame = {
  readonly timestamp: number;
  readonly source: string;
  readonly level: string;
  readonly job: JobId;
  readonly jobTry?: number;
  readonly line: number;
  readonly msg: string;
};

/** What the client asks for. */
export type LogRequest = {
  readonly token: string;
  /** Of the lines that there are already, the last so many. */
  readonly recentCount: number;
  /** The jobs below it too. */
  readonly recurse: boolean;
  /** Go on until the job has ended. */
  readonly tail: boolean;
  /** Only these; absent: all. */
  readonly levels?: readonly string[];
  readonly try?: number;
};

/** Reads the client's frame; fields that it leaves out are as `dx watch` sends them. */
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
    ...(levels === undefined || levels === null ? {} : { levels: levels as string[] }),
    ...(attempt === undefined ? {} : { try: attempt as number }),
  };
}

/**
 * A line of a worker's stream as a frame for a job's try; undefined when it is another job's, or only marks the end
 * (`isEndOfLog`). What no worker wrote as a line is shown as it is: it tells why a worker broke.
 */
export function toFrame(
  text: string,
  timestamp: number,
  of: { readonly job: JobId; readonly try: number },
): LogFrame | undefined {
  const line = parseLine(text);
  if (line === undefined) return { ...placeOf(of), timestamp, source: 'SYSTEM', level: 'INFO', line: 0, msg: text };
  if ((line.j ?? of.job) !== of.job || (line.y ?? of.try) !== of.try || isEndOfLog(text, of)) return undefined;
  return {
    ...placeOf(of),
    timestamp: typeof line.t === 'number' ? line.t : timestamp,
    source: typeof line.s === 'string' ? line.s : 'SYSTEM',
    level: typeof line.l === 'string' ? line.l : 'INFO',
    line: typeof line.n === 'number' ? line.n : 0,
    msg: typeof line.m === 'string' ? line.m : '',
  };
}

/** True for the last line that a worker writes for a try: nothing of its job follows. */
export function isEndOfLog(text: string, of: { readonly job: JobId; readonly try: number }): boolean {
  const line = parseLine(text);
  return line?.s === 'SYSTEM' && line.m === endOfLog && line.j === of.job && line.y === of.try;
}

/** After this frame the client closes. */
export function endFrame(job: JobId, timestamp: number): LogFrame {
  return { timestamp, source: 'SYSTEM', level: 'INFO', job, line: 0, msg: endOfLog };
}

/** An error for the reader, then the end: API Gateway cannot close with a reason. */
export function errorFrames(job: JobId, timestamp: number, error: Pick<ApiError, 'type' | 'message'>): LogFrame[] {
  const msg = `${error.type}: ${error.message}`;
  return [{ timestamp, source: 'SYSTEM', level: 'ERROR', job, line: 0, msg }, endFrame(job, timestamp)];
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

type WorkerLine = { t?: unknown; n?: unknown; l?: unknown; s?: unknown; m?: unknown; j?: unknown; y?: unknown };

/** Worker lines: `{"t":ms,"n":seq,"l":level,"s":source,"m":text,"j":job,"y":try}` (worker/log.ts). */
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

function placeOf({ job, try: jobTry }: { readonly job: JobId; readonly try: number }) {
  return { job, jobTry };
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length <= maximumLevelCount && value.every((item) => typeof item === 'string');
}

const endOfLog = 'END_LOG';
/** What `dx watch` asks for; more than that is never sent of what was there before. */
export const maximumRecentCount = 262_144;
const maximumLevelCount = 20;
