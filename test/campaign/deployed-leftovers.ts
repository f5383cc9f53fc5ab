// What the emulation of the deployed template left in its data folder.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { rowOfImage } from '../../aws/dynamo/stream-image.ts';
import { pathIn } from '../../machine/data-folder.ts';
import { type Leftovers, select } from './leftovers.ts';

export function deployedLeftovers(data: string): Leftovers {
  const cloud = (query: string) => select(data, 'cloud', query);
  return {
    rows: (table) =>
      select(data, 'dynamo', `SELECT item_json FROM "${tablePrefix}${table}"`).map(({ item_json: item }) =>
        rowOfImage(JSON.parse(String(item))),
      ),
    messages: () => [
      ...cloud('SELECT queue, body, visible_at - sent_at AS delay, receipt FROM sqs_message').map(
        ({ queue, body, delay, receipt }) =>
          `${receipt === null && Number(delay) > shortWaitMs ? 'later' : 'now'} a message of ${queue}: ${body}`,
      ),
      ...cloud('SELECT event FROM events_dead_delivery').map(({ event }) => `an event is lost: ${event}`),
    ],
    content: () =>
      cloud("SELECT CAST(key AS TEXT) AS key FROM s3_object WHERE key >= CAST('w/' AS BLOB)")
        .map(({ key }) => String(key))
        .filter((key) => key.startsWith('w/')),
    // The row of a worker stays and is closed by the row of its job (docs/rows.md). A job that has ended holds none.
    workers: () =>
      [
        ...cloud("SELECT arn FROM ecs_task WHERE status <> 'STOPPED'"),
        ...cloud("SELECT arn FROM sfn_execution WHERE status = 'RUNNING'"),
      ].map(({ arn }) => String(arn)),
    strayBytes() {
      const blobs = new Set(readdirSync(join(pathIn(data, 'objects'), 'blob')));
      const named = new Set(cloud('SELECT blob FROM s3_part').map(({ blob }) => String(blob)));
      const uploads = cloud('SELECT CAST(key AS TEXT) AS key FROM s3_upload');
      return [
        ...[...blobs].filter((blob) => !named.has(blob)).map((blob) => `the bytes ${blob} belong to no object`),
        ...[...named].filter((blob) => !blobs.has(blob)).map((blob) => `the bytes ${blob} are not there`),
        ...uploads.map(({ key }) => `an upload of ${key} was never ended`),
      ];
    },
  };
}

const tablePrefix = 'espalier-local-';
const shortWaitMs = 120_000;
