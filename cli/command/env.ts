// `espalier env`: prints the variables by which `dx` finds the running platform, for `eval`. The token is new each
// time.

import type { Session } from '../../machine/operator/desk.ts';
import { preparePythonEnvironment } from '../../machine/python-environment.ts';
import type { CommandLine } from '../command.ts';
import { askSoon } from '../desk.ts';
import { say } from '../notice.ts';
import { findOnPath, quoted } from '../on-path.ts';

/**
 * Waits for a platform that is starting: without the variables, `dx` would work with whatever login the user has.
 * @throws StartRefusal when a platform neither runs nor starts on the folder, or when there is no such user.
 */
export async function printEnvironment(line: CommandLine): Promise<undefined> {
  const session = await askSoon(line, { action: 'issueToken', name: line.options.user });
  const lines = Object.entries(sessionVariables(session)).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  process.stdout.write(lines.join(''));
  if (findOnPath('dx', process.env.PATH) !== undefined) return;
  // It goes last, so that no other program of the user is replaced.
  const { bin } = await preparePythonEnvironment(process.env, say);
  process.stdout.write(`export PATH="$PATH":${quoted(bin)}\n`);
}

/**
 * The variables that `dx` reads (docs/reference/api.md, "Variables of a job"). The folder is not among them: the
 * variable would hide from later commands what `dx cd` keeps.
 */
export function sessionVariables({ url, user, token, project }: Session): Record<string, string> {
  const { hostname, port } = new URL(url);
  const variables: Record<string, string> = {
    DX_APISERVER_PROTOCOL: 'http',
    DX_APISERVER_HOST: hostname,
    DX_APISERVER_PORT: port,
    // This variable includes the scheme.
    DX_AUTHSERVER_HOST: `http://${hostname}`,
    DX_AUTHSERVER_PORT: port,
    DX_SECURITY_CONTEXT: JSON.stringify({ auth_token: token, auth_token_type: 'Bearer' }),
    DX_USERNAME: user.replace(/^user-/, ''),
  };
  if (project !== undefined) variables.DX_PROJECT_CONTEXT_ID = project;
  return variables;
}
