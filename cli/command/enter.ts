// `espalier enter JOB`: a shell, or one command, in a job that failed and is held. Its variables, the token included,
// are those of the job's code.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { dataFolderPath, pathIn } from '../../machine/data-folder.ts';
import { askPlatform } from '../../machine/operator/control-socket.ts';
import type { DeskRefusal, DeskRequest, HeldJob } from '../../machine/operator/desk.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { enterProgram } from '../../worker/enter.ts';
import { readOptions } from '../option.ts';
import { UsageError } from '../usage-error.ts';

/**
 * Returns the exit status of the shell or the command. Words after `--` are the command.
 * @throws StartRefusal when no platform runs on the folder, or when the job is not held.
 */
export async function enter(parameters: readonly string[]): Promise<number> {
  const end = parameters.indexOf('--');
  const [before, command] = end < 0 ? [parameters, []] : [parameters.slice(0, end), parameters.slice(end + 1)];
  const { options, words } = readOptions(before, ['data'], { wordCount: 1 });
  const [job] = words;
  if (job === undefined) throw new UsageError('The command is "espalier enter JOB [--data DIR] [-- COMMAND ...]".');
  const request: DeskRequest = { action: 'enter', name: job };
  const socket = pathIn(dataFolderPath(options.data, process.env), 'socket');
  const answer = await askPlatform<HeldJob | DeskRefusal>(socket, request);
  if ('refusal' in answer) throw new StartRefusal(answer.refusal);
  const shell = spawn('bash', ['-c', enterProgram, 'bash', answer.task, ...command], { stdio: 'inherit' });
  // Ctrl-C is for the shell, which may live on.
  const ignore = () => undefined;
  process.on('SIGINT', ignore);
  const [code, signal] = (await once(shell, 'exit')) as [number | null, NodeJS.Signals | null];
  process.removeListener('SIGINT', ignore);
  return code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
}
