// Measures the bytes of a job row in the table, and cuts its failure message so that the row stays within one write
// unit.

import { type JobRow, jobRowByteLimit } from './row.ts';

/** Bytes as DynamoDB counts them: names and values, numbers by their digits, 3 for a list or map and 1 for each entry. */
export function rowBytes(row: object): number {
  return Object.entries(row).reduce((sum, [name, value]) => {
    return value === undefined ? sum : sum + Buffer.byteLength(name) + valueBytes(value);
  }, 0);
}

/** The row with its failure message cut at 300 characters, or shorter, so that the row stays within its limit. */
export function fitFailureMessage(row: JobRow): JobRow {
  if (row.failureMessage === undefined) return row;
  let length = Math.min(row.failureMessage.length, messageCharacterLimit);
  let fitted = { ...row, failureMessage: cut(row.failureMessage, length) };
  while (length > shortestMessage && rowBytes(fitted) > jobRowByteLimit) {
    length = Math.max(shortestMessage, length - 10);
    fitted = { ...row, failureMessage: cut(row.failureMessage, length) };
  }
  return fitted;
}

/** True when the row holds only the beginning of the message. The whole one is kept beside the output. */
export function isMessageCut({ failureMessage }: JobRow): boolean {
  return failureMessage?.endsWith(ellipsis) === true;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}${ellipsis}`;
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).replace(/[-.]/g, '').length / 2) + 1;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + 1 + valueBytes(item), 3);
  if (typeof value === 'object' && value !== null) return 3 + Object.keys(value).length + rowBytes(value);
  return 1;
}

const ellipsis = '…';
const messageCharacterLimit = 300;
/** A message is never cut below this length. Describe shows the whole one, which is kept beside the output. */
const shortestMessage = 16;
