// `espalier user …`: adds, lists and removes users of the running platform, and sets their passwords.

import { text } from 'node:stream/consumers';
import type { CommandLine } from '../command.ts';
import { ask } from '../desk.ts';
import { day, table } from '../table.ts';

/** Neither the token nor the password can be shown again. @throws StartRefusal when the name is taken or not valid. */
export async function addUser(line: CommandLine): Promise<undefined> {
  const { user, password, token } = await ask(line, { action: 'addUser', name: line.words[0] });
  process.stdout.write(`user ${user}\npassword ${password}\ntoken ${token}\n`);
}

export async function listUsers(line: CommandLine): Promise<undefined> {
  const { users } = await ask(line, { action: 'listUsers' });
  process.stdout.write(
    table(
      ['name', 'added'],
      users.map(({ name, created }) => [name, day(created)]),
    ),
  );
}

/** @throws StartRefusal when the user administers a project alone, unless the flag allows to destroy it. */
export async function removeUser(line: CommandLine): Promise<undefined> {
  const withProjects = line.flags.has('with-projects');
  const { removed, destroyed } = await ask(line, { action: 'removeUser', name: line.words[0], withProjects });
  process.stdout.write(`removed ${removed}\n${destroyed.map((project) => `destroyed ${project}\n`).join('')}`);
}

export async function setPassword(line: CommandLine): Promise<undefined> {
  const given = line.flags.has('stdin') ? (await text(process.stdin)).replace(/\r?\n$/, '') : undefined;
  const { user, password } = await ask(line, { action: 'setPassword', name: line.words[0], password: given });
  process.stdout.write(given === undefined ? `user ${user}\npassword ${password}\n` : `user ${user}\n`);
}
