// What a job's end means: its output, or its failure with the reason of dx-api.md §11.1. Reads two files of the job's,
// whose content is data.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { JobEnd } from './job-process.ts';
import type { Failure } from './platform.ts';

/** Larger outputs are refused: an output that large belongs into a file. */
export const OUTPUT_BYTES_LIMIT = 4 * 1024 * 1024;
const MESSAGE_LENGTH_LIMIT = 20_000;
const reportable = new Set(['AppError', 'AppInternalError', 'AppInsufficientResourceError']);

export type Result = { readonly output: unknown } | { readonly failure: Failure };

/** `job_error.json` counts only when the exit code is not 0 (dx-api.md §10.4). */
export function readResult(home: string, end: JobEnd): Result {
  if (end.code !== 0) return { failure: readFailure(home, end) };
  const path = join(home, 'job_output.json');
  if (!existsSync(path)) return { output: {} };
  const size = statSync(path).size;
  if (size > OUTPUT_BYTES_LIMIT) {
    return {
      failure: {
        type: 'OutputError',
        message: `job_output.json has ${size} bytes; at most ${OUTPUT_BYTES_LIMIT} are allowed. Put large results into a file`,
      },
    };
  }
  const output = parse(path);
  if (output === undefined)
    return { failure: { type: 'OutputError', message: 'job_output.json is not a JSON object' } };
  return { output };
}

function readFailure(home: string, end: JobEnd): Failure {
  const path = join(home, 'job_error.json');
  const reported = existsSync(path) && statSync(path).size <= OUTPUT_BYTES_LIMIT ? parse(path)?.error : undefined;
  if (typeof reported === 'object' && reported !== null) {
    const type = Reflect.get(reported, 'type');
    const message = String(Reflect.get(reported, 'message') ?? '').slice(0, MESSAGE_LENGTH_LIMIT);
    return { type: reportable.has(type) ? type : 'AppInternalError', message };
  }
  const signal = end.signal ?? signalOf(end.code);
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${end.code}`;
  return { type: 'AppInternalError', message: `The application ${how} without reporting an error; its log says more` };
}

/** Shells report a child ended by signal n as exit code 128 + n. */
function signalOf(code: number | null): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => code === 128 + number)?.[0];
}

function parse(path: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined; // Not JSON, or not a file: the caller says so in its own words.
  }
}
