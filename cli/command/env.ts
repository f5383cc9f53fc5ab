// `espalier env`: prints the variables by which `dx` finds the running platform, for `eval`. The token is new each
// time.

import { dataFolderPath } from '../../machine/data-folder.ts';
import type { DeskRefusal, DeskRequest, Session } from '../../machine/operator/desk.ts';
import { askWhenStarted } from '../../machine/operator/starting-platform.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { say } from '../notice.ts';
import { readOptions } from '../option.ts';

/**
 * Waits for a platform that is starting: without the variables, `dx` would work with whatever login the user has.
 * @throws StartRefusal when a platform neither runs nor starts on the folder, or when there is no such user.
 */
export async function printEnvironment(parameters: readonly string[]): Promise<void> {
  const { options } = readOptions(parameters, ['data', 'user']);
  const request: DeskRequest = { action: 'issueToken', name: options.user };
  const folder = dataFolderPath(options.data, process.env);
  const answer = await askWhenStarted<Session | DeskRefusal>(folder, request, say);
  if ('refusal' in answer) throw new StartRefusal(answer.refusal);
  const lines = Object.entries(sessionVariables(answer)).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  process.stdout.write(lines.join(''));
}

/** The variables that `dx` reads (docs/reference/api.md, "Variables of a job"). */
export function sessionVariables({ url, token, project }: Session): Record<string, string> {
  const { hostname, port } = new URL(url);
  const variables: Record<string, string> = {
    DX_APISERVER_PROTOCOL: 'http',
    DX_APISERVER_HOST: hostname,
    DX_APISERVER_PORT: port,
    // This variable includes the scheme.
    DX_AUTHSERVER_HOST: `http://${hostname}`,
    DX_AUTHSERVER_PORT: port,
    DX_SECURITY_CONTEXT: JSON.stringify({ auth_token: token, auth_token_type: 'Bearer' }),
  };
  if (project !== undefined) variables.DX_PROJECT_CONTEXT_ID = project;
  return variables;
}

/** A word of the shell that means exactly this text. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
