// `espalier token …`: issues, lists and revokes tokens of the running platform.

import type { CommandLine } from '../command.ts';
import { readNumber } from '../command-line.ts';
import { ask } from '../desk.ts';
import { day, table } from '../table.ts';

/** The token is the only line, for scripts. */
export async function issueToken(line: CommandLine): Promise<undefined> {
  const { user: name, days: given, label = 'espalier token' } = line.options;
  const days = given === undefined ? undefined : readNumber('days', given, { least: 1, greatest: maximumDays });
  const { token } = await ask(line, { action: 'issueToken', name, days, label });
  process.stdout.write(`${token}\n`);
}

export async function listTokens(line: CommandLine): Promise<undefined> {
  const { tokens } = await ask(line, { action: 'listTokens', name: line.options.user });
  const rows = tokens.map(({ id, label, created, expiresAt }) => [
    id.slice(0, shownIdLength),
    day(created),
    day(expiresAt),
    label,
  ]);
  process.stdout.write(table(['id', 'issued', 'expires', 'label'], rows));
}

export async function revokeToken(line: CommandLine): Promise<undefined> {
  const [token = ''] = line.words;
  const { revoked } = await ask(line, { action: 'revokeToken', name: line.options.user, token });
  process.stdout.write(`revoked ${revoked.id.slice(0, shownIdLength)} (${revoked.label})\n`);
}

const maximumDays = 3_650;
const shownIdLength = 12;
