// Reads what a platform that has ended left in its data folder, and says which of it belongs to nothing. Before that, the
// platform runs with later clocks, because the last passes of removals come a quarter of an hour after the first.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { rowOfImage } from '../../aws/dynamo/stream-image.ts';
import type { Row } from '../../core/context.ts';
import { pathIn } from '../../machine/data-folder.ts';
import { findOrphans, type Remains } from '../simulation/orphan.ts';
import { givenPlatform } from '../wire/session.ts';
import { pause } from './client.ts';
import { processesOf } from './process-watch.ts';

/** Lets a platform that was stopped do everything that is still due, and returns a sentence for each orphan. */
export async function orphansOf(data: string): Promise<string[]> {
  const open = (hours: number) => openOf(data, Date.now() + hours * hourMs);
  for (let hours = 1; hours <= mostHours && open(hours).length > 0; hours += 1) {
    const platform = await givenPlatform({
      data,
      args: ['--as-deployed'],
      nodeArgs: ['--import', `${clockFile}?hours=${hours}`],
    });
    for (let look = 0; look < quietLooks && open(hours).some(isNow); look += 1) await pause(lookMs);
    await platform.stop();
  }
  return [
    ...leftIn(data, Date.now() + mostHours * hourMs),
    ...processesOf(data).map(({ pid }) => `process ${pid} still works for the data folder`),
  ];
}

/** A sentence for everything in a data folder that is still to happen or belongs to nothing, at a time of its platform. */
export function leftIn(data: string, now: number): string[] {
  return [...openOf(data, now), ...findOrphans(remainsOf(data)), ...strayBytes(data)];
}

/** False for a message that waits for a later hour. Everything else should come to its end now. */
const isNow = (open: string): boolean => !open.startsWith('later');

/** Messages, rows of the sweep's index and lost events: what is still to happen at a time of the platform's clock. */
function openOf(data: string, now: number): string[] {
  return [
    ...select(data, 'cloud', 'SELECT queue, body, visible_at - sent_at AS delay, receipt FROM sqs_message').map(
      ({ queue, body, delay, receipt }) =>
        `${receipt === null && Number(delay) > shortWaitMs ? 'later' : 'now'} a message of ${queue}: ${body}`,
    ),
    ...rowsOf(data, 'executions').flatMap(({ pk, sk, openShard, lastPassAt = 0 }) =>
      openShard === undefined
        ? []
        : [`${Number(lastPassAt) > now ? 'later' : 'now'} ${pk} ${sk} is still in the index of the sweep`],
    ),
    ...select(data, 'cloud', 'SELECT event FROM events_dead_delivery').map(({ event }) => `an event is lost: ${event}`),
  ];
}

function remainsOf(data: string): Remains {
  const executions = rowsOf(data, 'executions');
  const content = select(
    data,
    'cloud',
    "SELECT CAST(key AS TEXT) AS key FROM s3_object WHERE key >= CAST('w/' AS BLOB)",
  );
  const workers = [
    ...select(data, 'cloud', "SELECT arn FROM ecs_task WHERE status <> 'STOPPED'"),
    ...select(data, 'cloud', "SELECT arn FROM sfn_execution WHERE status = 'RUNNING'"),
  ];
  // The row of a worker stays and is closed by the row of its job (docs/rows.md). A job that has ended holds none.
  return {
    executions,
    objects: rowsOf(data, 'objects'),
    containers: rowsOf(data, 'containers'),
    content: content.map(({ key }) => String(key)).filter((key) => key.startsWith('w/')),
    workers: workers.map(({ arn }) => String(arn)),
  };
}

/** Blobs that no row names, rows of parts without a blob, and uploads that nobody ended. */
function strayBytes(data: string): string[] {
  const blobs = new Set(readdirSync(join(pathIn(data, 'objects'), 'blob')));
  const named = new Set(select(data, 'cloud', 'SELECT blob FROM s3_part').map(({ blob }) => String(blob)));
  const uploads = select(data, 'cloud', 'SELECT CAST(key AS TEXT) AS key FROM s3_upload');
  return [
    ...[...blobs].filter((blob) => !named.has(blob)).map((blob) => `the bytes ${blob} belong to no object`),
    ...[...named].filter((blob) => !blobs.has(blob)).map((blob) => `the bytes ${blob} are not there`),
    ...uploads.map(({ key }) => `an upload of ${key} was never ended`),
  ];
}

function rowsOf(data: string, table: string): Row[] {
  const found = select(data, 'dynamo', `SELECT item_json FROM "${tablePrefix}${table}"`);
  return found.map(({ item_json: item }) => rowOfImage(JSON.parse(String(item))));
}

/** Rows of a file of the data folder, which the platform may be writing at the same time. */
function select(data: string, file: 'cloud' | 'dynamo', query: string): Record<string, unknown>[] {
  const database = new DatabaseSync(pathIn(data, file), { readOnly: true, timeout: lockLimitMs });
  try {
    return database.prepare(query).all() as Record<string, unknown>[];
  } finally {
    database.close();
  }
}

const clockFile = pathToFileURL(join(import.meta.dirname, 'later-clock.ts')).href;
const tablePrefix = 'espalier-local-';
/** A removal that another one contests is repeated a quarter of an hour later. */
const mostHours = 4;
const hourMs = 3_600_000;
const quietLooks = 400;
const lookMs = 100;
const shortWaitMs = 120_000;
const lockLimitMs = 10_000;
