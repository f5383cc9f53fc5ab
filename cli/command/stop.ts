// `espalier stop`: ends the platform of a data folder, and waits until it has ended.

import { setTimeout as delay } from 'node:timers/promises';
import { dataFolderPath, isHeld } from '../../machine/data-folder.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import type { CommandLine } from '../command.ts';
import { ask } from '../desk.ts';

/** @throws StartRefusal when no platform runs there, or when it does not end in time. */
export async function stop(line: CommandLine): Promise<undefined> {
  const folder = dataFolderPath(line.options.data, process.env);
  const { processId } = await ask(line, { action: 'stop' });
  for (const deadline = Date.now() + limitMs; isHeld(folder); await delay(pollMs)) {
    if (Date.now() > deadline)
      throw new StartRefusal(
        `The platform on ${folder} has not ended after ${limitMs / 1000} s: see process ${processId}.`,
      );
  }
  process.stdout.write(`stopped ${folder}\n`);
}

const limitMs = 60_000;
const pollMs = 50;
