// Tests that the look into a data folder reports what it must: each planted orphan is found.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pathIn } from '../../machine/data-folder.ts';
import { leftIn } from './remains.ts';

const job = 'job-000000000000000000000000';
const record = 'record-000000000000000000000000';
const workspace = 'container-000000000000000000000000';
const now = 1_000_000;
const tables = {
  cloud: [
    'sqs_message (queue, body, visible_at, sent_at, receipt)',
    'events_dead_delivery (event)',
    's3_object (key)',
    's3_part (blob)',
    's3_upload (key)',
    'ecs_task (arn, status)',
    'sfn_execution (arn, status)',
  ],
  dynamo: ['executions', 'objects', 'containers'].map((table) => `"espalier-local-${table}" (pk, sk, item_json)`),
} as const;
let data: string;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'espalier-remains-'));
  for (const file of ['cloud', 'dynamo'] as const) {
    mkdirSync(dirname(pathIn(data, file)), { recursive: true });
    for (const table of tables[file]) change(file, `CREATE TABLE ${table}`);
  }
  mkdirSync(blobPath(''), { recursive: true });
  // What a platform keeps: a job that has ended, a file with its bytes, and what has run.
  item('executions', { pk: { S: job }, sk: { S: 'A' }, state: { S: 'done' } });
  item('containers', { pk: { S: 'project-000000000000000000000000' }, sk: { S: 'A' } });
  item('objects', { pk: { S: record }, sk: { S: 'A' } });
  item('objects', { pk: { S: record }, sk: { S: 'P#project-000000000000000000000000' } });
  change('cloud', "INSERT INTO s3_part VALUES ('kept')");
  change('cloud', "INSERT INTO ecs_task VALUES ('task-1', 'STOPPED')");
  change('cloud', "INSERT INTO sfn_execution VALUES ('launch-1', 'SUCCEEDED')");
  writeFileSync(blobPath('kept'), 'bytes');
});

afterEach(() => rmSync(data, { recursive: true, force: true }));

const blobPath = (name: string): string => join(pathIn(data, 'objects'), 'blob', name);

function change(file: 'cloud' | 'dynamo', statement: string, ...values: string[]): void {
  const database = new DatabaseSync(pathIn(data, file));
  database.prepare(statement).run(...values);
  database.close();
}

function item(table: 'executions' | 'objects' | 'containers', image: { readonly [name: string]: object }): void {
  const { pk, sk } = image as { readonly [name: string]: { readonly S?: string } };
  const statement = `INSERT INTO "espalier-local-${table}" VALUES (?, ?, ?)`;
  change('dynamo', statement, pk?.S ?? '', sk?.S ?? '', JSON.stringify(image));
}

test('nothing is reported of a folder in which everything has ended', () => {
  expect(leftIn(data, now)).toEqual([]);
});

const open = { state: { S: 'done' }, openShard: { N: '0' }, dueAt: { N: '9' } };
const planted: Record<string, readonly [plant: () => void, said: RegExp]> = {
  'a message': [
    () => change('cloud', "INSERT INTO sqs_message VALUES ('work', 'text', 5, 5, NULL)"),
    /^now a message of work/,
  ],
  'a message for later': [
    () => change('cloud', "INSERT INTO sqs_message VALUES ('work', 'text', 900000, 0, NULL)"),
    /^later a message of work/,
  ],
  'an event that was not delivered': [
    () => change('cloud', "INSERT INTO events_dead_delivery VALUES ('stopped')"),
    /an event is lost/,
  ],
  'a job in the index of the sweep': [
    () => item('executions', { pk: { S: job.replace('0', '1') }, sk: { S: 'A' }, ...open }),
    /^now job.* is still in the index/,
  ],
  'a job that waits for the last pass': [
    () =>
      item('executions', {
        ...{ pk: { S: job.replace('0', '1') }, sk: { S: 'A' }, ...open },
        lastPassAt: { N: String(now + 1) },
      }),
    /^later job.* is still in the index/,
  ],
  'a job that has not ended': [
    () => item('executions', { pk: { S: job.replace('0', '1') }, sk: { S: 'A' }, state: { S: 'running' } }),
    /is running/,
  ],
  'a row without its job': [
    () => item('executions', { pk: { S: job.replace('0', '1') }, sk: { S: 'O' } }),
    /which is not there/,
  ],
  'a row of a workspace': [
    () => item('containers', { pk: { S: workspace }, sk: { S: 'F#root#a' } }),
    /is left of a workspace/,
  ],
  'an object that is placed nowhere': [
    () => item('objects', { pk: { S: record.replace('0', '1') }, sk: { S: 'A' } }),
    /is placed nowhere/,
  ],
  'an object in a place that is gone': [
    () => item('objects', { pk: { S: record }, sk: { S: `P#${workspace}` } }),
    /is placed in container/,
  ],
  'a task that runs without a job': [
    () => change('cloud', "INSERT INTO ecs_task VALUES ('task-2', 'RUNNING')"),
    /task-2 has not ended/,
  ],
  'a launch that runs': [
    () => change('cloud', "INSERT INTO sfn_execution VALUES ('launch-2', 'RUNNING')"),
    /launch-2 has not ended/,
  ],
  'content of a file that is gone': [
    () => change('cloud', "INSERT INTO s3_object VALUES (CAST('w/project-x/file-x' AS BLOB))"),
    /bytes w\/project-x\/file-x belong to no file/,
  ],
  'bytes that no object names': [() => writeFileSync(blobPath('stray'), ''), /the bytes stray belong to no object/],
  'an object without its bytes': [
    () => change('cloud', "INSERT INTO s3_part VALUES ('away')"),
    /the bytes away are not there/,
  ],
  'an upload that nobody ended': [
    () => change('cloud', "INSERT INTO s3_upload VALUES (CAST('w/open' AS BLOB))"),
    /an upload of w\/open was never ended/,
  ],
};

describe('the look reports', () => {
  test.each(Object.entries(planted))('%s', (_title, [plant, said]) => {
    plant();
    expect(leftIn(data, now).some((sentence) => said.test(sentence))).toBe(true);
  });
});
