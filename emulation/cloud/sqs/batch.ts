// The rules of every SQS batch: its size, its ids, and an answer for each entry.

import { AwsError } from '../wire/aws-error.ts';
import { type Input, stringMember, structureList } from '../wire/input.ts';

export type BatchEntry = { readonly id: string; readonly entry: Input };
export type BatchFailure = {
  readonly Id: string;
  readonly SenderFault: boolean;
  readonly Code: string;
  readonly Message: string;
};

/** The entries of a batch: one to ten, with distinct well-formed ids. Otherwise the whole request is refused. */
export function readEntries(input: Input): BatchEntry[] {
  const entries = structureList(input, 'Entries') ?? [];
  if (entries.length === 0) {
    throw new AwsError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  }
  if (entries.length > maximumEntryCount) {
    const text = `Maximum number of entries per request are ${maximumEntryCount}. You have sent ${entries.length}.`;
    throw new AwsError('TooManyEntriesInBatchRequest', text);
  }
  const seen = new Set<string>();
  return entries.map((entry) => {
    const id = stringMember(entry, 'Id') ?? '';
    if (!entryIdPattern.test(id)) {
      const text = 'A batch entry id can only contain alphanumeric characters, hyphens and underscores, at most 80.';
      throw new AwsError('InvalidBatchEntryId', text);
    }
    if (seen.has(id)) throw new AwsError('BatchEntryIdsNotDistinct', `Id ${id} repeated.`);
    seen.add(id);
    return { id, entry };
  });
}

/** Runs each entry by itself. The refusal of one entry does not affect the others. */
export function batchOf(input: Input, run: (entry: Input) => object): object {
  const Successful: object[] = [];
  const Failed: BatchFailure[] = [];
  for (const { id, entry } of readEntries(input)) {
    const outcome = settle(id, () => run(entry));
    if ('failure' in outcome) Failed.push(outcome.failure);
    else Successful.push({ Id: id, ...outcome.value });
  }
  return { Successful, Failed };
}

/** The value of `run`, or its AwsError as a batch reports it. Other exceptions are faults and are thrown on. */
export function settle<Value extends object>(
  id: string,
  run: () => Value,
): { value: Value } | { failure: BatchFailure } {
  try {
    return { value: run() };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { failure: { Id: id, SenderFault: error.status < 500, Code: error.code, Message: error.message } };
  }
}

const maximumEntryCount = 10;
const entryIdPattern = /^[A-Za-z0-9_-]{1,80}$/;
