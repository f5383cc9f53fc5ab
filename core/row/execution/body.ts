// The bodies of an execution: JSON documents beside its row, and its metadata once they were changed.

import type { BodyKind, Key, Row } from '../../context.ts';
import type { ExecutionId, JobId } from '../../id/identifier.ts';
import { debugReasons } from '../../job/hold.ts';
import type { ExecutionSpec } from '../../job/spec.ts';
import { type Fields, fieldProblem } from '../field.ts';
import { defineRow, readRow } from '../kind.ts';
import { callFields } from './call-spec.ts';

/** One of the three holds the document. */
type BodyRow = {
  readonly json?: string;
  readonly gzip?: Uint8Array;
  /** The key of a document in the content bucket. */
  readonly document?: string;
};
type MetadataRow = { readonly metadata: string; readonly version: number };

const fields: Fields<BodyRow> = { required: {}, optional: { json: 'text', gzip: 'bytes', document: 'text' } };
export const bodyKinds = {
  spec: defineRow<BodyRow>({
    table: 'executions',
    name: 'specification',
    pk: '{execution}',
    sk: 'S',
    meaning: 'The request of an execution. It is written once, before the row of the execution.',
    fields,
  }),
  input: defineRow<BodyRow>({
    table: 'executions',
    name: 'input',
    pk: '{job}',
    sk: 'I',
    meaning: 'The input of a job with its references resolved, if it refers to outputs of other jobs.',
    fields,
  }),
  output: defineRow<BodyRow>({
    table: 'executions',
    name: 'output',
    pk: '{job and later try}',
    sk: 'O',
    meaning: 'The output of a try, or the whole message of its failure with the objects that the output linked to.',
    fields,
  }),
};
export const metadataKind = defineRow<MetadataRow>({
  table: 'executions',
  name: 'metadata',
  pk: '{execution}',
  sk: 'M#{try in 4 digits}',
  meaning: 'Tags, properties and details of a try, once they were changed.',
  fields: { required: { metadata: 'text', version: 'number' }, optional: {} },
});

/** The key of a body. */
export function bodyKey(id: string, kind: BodyKind): Key {
  return { pk: id, sk: bodyKinds[kind].sk };
}

/** The kind of a body with that sort key; undefined when no body has it. */
export function bodyKindOf(sortKey: string): BodyKind | undefined {
  return (['spec', 'input', 'output'] as const).find((kind) => bodyKinds[kind].sk === sortKey);
}

/** A body's row. Undefined when there is none. */
export function readBody(row: Row | undefined, kind: BodyKind): (BodyRow & Key) | undefined {
  return row === undefined ? undefined : readRow(bodyKinds[kind], row);
}

/** Reads the request of a job. The result is undefined when there is no body. */
export function readSpec(job: JobId, body: unknown): ExecutionSpec | undefined {
  if (body === undefined) return undefined;
  const problem = fieldProblem(body, specFields);
  if (problem !== undefined)
    throw new Error(`The body ${job} · ${bodyKinds.spec.sk} of executions is malformed: ${problem}`);
  return body as ExecutionSpec;
}

/** The key of the metadata of a try. */
export function metadataKey(execution: ExecutionId, attempt: number): Key {
  return { pk: execution, sk: `${metadataPrefix}${String(attempt).padStart(tryDigits, '0')}` };
}

/** Kept as text: properties and details may have any key and number, which attributes of a row may not. */
export function metadataRow(execution: ExecutionId, attempt: number, metadata: unknown, version: number): Row {
  return { ...metadataKey(execution, attempt), metadata: JSON.stringify(metadata), version };
}

/** Changed metadata: as text, with its try. */
export function readMetadata(row: Row): MetadataRow & { readonly try: number } {
  const { sk, metadata, version } = readRow(metadataKind, row);
  return { try: Number(sk.slice(metadataPrefix.length)), metadata, version };
}

const specFields: Fields<ExecutionSpec> = {
  required: {
    ...callFields.required,
    runSystemRequirements: 'map',
    runSystemRequirementsByExecutable: 'map',
    mergedSystemRequirementsByExecutable: 'map',
    systemRequirements: 'map',
    defaultInstance: 'text',
    executionPolicy: 'map',
    timeoutPolicy: 'map',
    timeoutPolicyByExecutable: 'map',
    access: 'map',
    waits: { each: 'map' },
    pins: { each: 'map' },
    ignoreReuse: 'flag',
    headJobOnDemand: 'flag',
    ancestors: { each: 'text' },
  },
  optional: {
    ...callFields.optional,
    restartableEntryPoints: ['all'],
    app: 'map',
    inputSpec: 'list',
    outputSpec: 'list',
    inputPlace: 'text',
    stage: 'text',
    debugOn: { each: [...debugReasons] },
    treeTurnaroundTimeThreshold: 'number',
  },
};
/** The sort keys of metadata have this beginning. */
export const metadataPrefix = 'M#';
const tryDigits = 4;
