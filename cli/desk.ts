// Asks the platform of a data folder on behalf of a command.

import { dataFolderPath, pathIn } from '../machine/data-folder.ts';
import { askPlatform } from '../machine/operator/control-socket.ts';
import type { DeskAnswer, DeskRefusal, DeskRequest } from '../machine/operator/desk.ts';
import { askWhenStarted } from '../machine/operator/starting-platform.ts';
import { StartRefusal } from '../machine/start-refusal.ts';
import type { CommandLine } from './command.ts';
import { say } from './notice.ts';

/** @throws StartRefusal when no platform runs on the folder, or when the platform refuses. */
export async function ask<const Request extends DeskRequest>(
  { options }: CommandLine,
  request: Request,
): Promise<DeskAnswer<Request>> {
  const socket = pathIn(dataFolderPath(options.data, process.env), 'socket');
  return accepted(await askPlatform<DeskAnswer<Request> | DeskRefusal>(socket, request));
}

/** The same, but waits for a platform that is starting. */
export async function askSoon<const Request extends DeskRequest>(
  { options }: CommandLine,
  request: Request,
): Promise<DeskAnswer<Request>> {
  const folder = dataFolderPath(options.data, process.env);
  return accepted(await askWhenStarted<DeskAnswer<Request> | DeskRefusal>(folder, request, say));
}

function accepted<Answer extends object>(answer: Answer | DeskRefusal): Answer {
  if ('refusal' in answer) throw new StartRefusal(answer.refusal);
  return answer;
}
