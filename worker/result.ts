// Derives a job's result from its end: its output, or its failure with the reason of docs/reference/api.md, "Failure
// reasons". It reads two files of the job, whose content is data.

import { constants } from 'node:os';
import { join } from 'node:path';
import type { JobEnd } from './job-process.ts';
import type { Failure } from './platform.ts';
import { readReportFile, textOf } from './report-file.ts';

export type Result = { readonly output: unknown } | { readonly failure: Failure };

/**
 * `job_error.json` counts only when the exit code is not 0 (docs/reference/api.md, "Bash jobs").
 * @param messageCharacters how much of the job's own message is reported
 */
export function readResult(home: string, end: JobEnd, messageCharacters: number): Result {
  if (end.code !== 0) return { failure: readFailure(home, end, messageCharacters) };
  const report = readReportFile(join(home, 'job_output.json'));
  if (report.kind === 'absent') return { output: {} };
  if (report.kind === 'hash') return { output: report.value };
  return { failure: { type: 'OutputError', message: `job_output.json ${report.problem}` } };
}

function readFailure(home: string, end: JobEnd, messageCharacters: number): Failure {
  const report = readReportFile(join(home, 'job_error.json'));
  const reported = report.kind === 'hash' ? report.value.error : undefined;
  if (typeof reported === 'object' && reported !== null && !Array.isArray(reported)) {
    const { type, message = '' } = reported as { type?: unknown; message?: unknown };
    const text = textOf(message).slice(0, messageCharacters).toWellFormed();
    return { type: reportable.has(type) ? (type as string) : 'AppInternalError', message: text };
  }
  const signal = end.signal ?? signalOf(end.code);
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${end.code}`;
  const unread = report.kind === 'unusable' ? `; its job_error.json ${report.problem}` : '';
  const message = `The application ${how} without reporting an error${unread}; see its log`;
  return { type: 'AppInternalError', message };
}

/** Shells report a child ended by signal n as exit code 128 + n. */
function signalOf(code: number | null): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => code === 128 + number)?.[0];
}

const reportable: ReadonlySet<unknown> = new Set(['AppError', 'AppInternalError', 'AppInsufficientResourceError']);
