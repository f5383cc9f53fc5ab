// `espalier status`: what runs on a data folder. The exit status is 1 if nothing does.

import { dataFolderPath } from '../../machine/data-folder.ts';
import type { CommandLine } from '../command.ts';
import { ask } from '../desk.ts';
import { inWords } from '../execution-count.ts';

/** @throws StartRefusal when no platform runs there. */
export async function status(line: CommandLine): Promise<undefined> {
  const { url, runtime, workers, processId, startedAt, executions } = await ask(line, { action: 'status' });
  const lines = [
    ['address', url],
    ['data', dataFolderPath(line.options.data, process.env)],
    ['runtime', runtime],
    ['workers', String(workers)],
    ['process', `${processId}, since ${new Date(startedAt).toISOString().replace(/\.\d+Z$/, 'Z')}`],
    ['executions', inWords(executions) ?? 'none'],
  ];
  process.stdout.write(lines.map(([name, value]) => `${name} ${value}\n`).join(''));
}
