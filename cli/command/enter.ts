// `espalier enter JOB`: a shell, or one command, in a job that failed and is held. Its variables, the token included,
// are those of the job's code.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { enterProgram } from '../../worker/enter.ts';
import type { CommandLine } from '../command.ts';
import { ask } from '../desk.ts';
import { exitStatus } from '../ending.ts';

/**
 * Returns the exit status of the shell or the command. Words after `--` are the command.
 * @throws StartRefusal when no platform runs on the folder, or when the job is not held.
 */
export async function enter(line: CommandLine): Promise<number> {
  const { task } = await ask(line, { action: 'enter', name: line.words[0] });
  const shell = spawn('bash', ['-c', enterProgram, 'bash', task, ...line.rest], { stdio: 'inherit' });
  // Ctrl-C is for the shell, which may live on.
  const ignore = () => undefined;
  process.on('SIGINT', ignore);
  const [code, signal] = (await once(shell, 'exit')) as [number | null, NodeJS.Signals | null];
  process.removeListener('SIGINT', ignore);
  return exitStatus(code, signal);
}
