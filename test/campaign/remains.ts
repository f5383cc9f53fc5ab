// Reads what a platform that has ended left in its data folder, and says which of it belongs to nothing. Before that, the
// platform runs with later clocks, because the last passes of removals come a quarter of an hour after the first.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pathIn } from '../../machine/data-folder.ts';
import { findOrphans, type Remains } from '../simulation/orphan.ts';
import { givenPlatform } from '../wire/session.ts';
import { pause } from './client.ts';
import { deployedLeftovers } from './deployed-leftovers.ts';
import { embeddedLeftovers } from './embedded-leftovers.ts';
import type { Leftovers } from './leftovers.ts';
import { processesOf } from './process-watch.ts';

/** Lets a platform that was stopped do everything that is still due, and returns a sentence for each orphan. */
export async function orphansOf(data: string): Promise<string[]> {
  const open = (hours: number) => openOf(data, Date.now() + hours * hourMs);
  for (let hours = 1; hours <= mostHours && open(hours).length > 0; hours += 1) {
    const platform = await givenPlatform({
      data,
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
  const leftovers = leftoversOf(data);
  return [...openOf(data, now), ...findOrphans(remainsOf(leftovers)), ...leftovers.strayBytes()];
}

/** False for a message that waits for a later hour. Everything else should come to its end now. */
const isNow = (open: string): boolean => !open.startsWith('later');

/** Messages, rows of the sweep's index and lost events: what is still to happen at a time of the platform's clock. */
function openOf(data: string, now: number): string[] {
  const { messages, rows } = leftoversOf(data);
  const waiting = rows('executions').flatMap(({ pk, sk, openShard, lastPassAt = 0 }) =>
    openShard === undefined
      ? []
      : [`${Number(lastPassAt) > now ? 'later' : 'now'} ${pk} ${sk} is still in the index of the sweep`],
  );
  return [...messages(), ...waiting];
}

function remainsOf({ rows, content, workers }: Leftovers): Remains {
  return {
    executions: rows('executions'),
    objects: rows('objects'),
    containers: rows('containers'),
    content: content(),
    workers: workers(),
  };
}

function leftoversOf(data: string): Leftovers {
  return existsSync(pathIn(data, 'rows')) ? embeddedLeftovers(data) : deployedLeftovers(data);
}

const clockFile = pathToFileURL(join(import.meta.dirname, 'later-clock.ts')).href;
/** A removal that another one contests is repeated a quarter of an hour later. */
const mostHours = 4;
const hourMs = 3_600_000;
const quietLooks = 400;
const lookMs = 100;
