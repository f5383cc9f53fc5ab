// `espalier user add NAME`: adds a user to the running platform. The token is the last line. Neither the token nor the
// password can be shown again.

import { dataFolderPath, pathIn } from '../../machine/data-folder.ts';
import { askPlatform } from '../../machine/operator/control-socket.ts';
import type { DeskRefusal, DeskRequest, NewUser } from '../../machine/operator/desk.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { readOptions } from '../option.ts';
import { UsageError } from '../usage-error.ts';

/** @throws StartRefusal when no platform runs on the folder, or when the name is taken or is not a valid name. */
export async function user(parameters: readonly string[]): Promise<void> {
  const { options, words } = readOptions(parameters, ['data'], { wordCount: 2 });
  const [action, name] = words;
  if (action !== 'add' || name === undefined)
    throw new UsageError('The command is "espalier user add NAME [--data DIR]".');
  const request: DeskRequest = { action: 'addUser', name };
  const socket = pathIn(dataFolderPath(options.data, process.env), 'socket');
  const answer = await askPlatform<NewUser | DeskRefusal>(socket, request);
  if ('refusal' in answer) throw new StartRefusal(answer.refusal);
  process.stdout.write(`user ${answer.user}\npassword ${answer.password}\n${answer.token}\n`);
}
