// Every command with its options and their meanings. The module of a command is loaded only when it runs.

import { availableParallelism } from 'node:os';
import { dataFolderPath } from '../machine/data-folder.ts';
import type { Command, Option } from './command.ts';
import { asDeployed } from './command-line.ts';
import { defaultPort, defaultRegion } from './default.ts';

const data: Option = {
  name: 'data',
  value: 'DIR',
  meaning: `the data folder of the platform (default: ${dataFolderPath(undefined, process.env)})`,
};
const user: Option = { name: 'user', value: 'NAME', meaning: 'the user (default: the first user of the platform)' };
const port: Option = {
  name: 'port',
  value: 'N',
  meaning: `the port for clients; 0 is any free one (default: ${defaultPort})`,
};

export const commands: readonly Command[] = [
  {
    name: 'start',
    summary: 'Runs a platform on this machine until Ctrl-C, SIGTERM or "espalier stop".',
    options: [
      port,
      data,
      {
        name: 'workers',
        value: 'N',
        meaning:
          `how many jobs run at a time; the others wait for a free worker, and a job that waits for jobs below it ` +
          `does not keep them from running (default: the cores of this machine, ${availableParallelism()})`,
      },
      {
        name: 'region',
        value: 'CLOUD:GEO',
        meaning: `the region of new projects that name none. It is only a name here (default: ${defaultRegion})`,
      },
      {
        name: 'durability',
        value: 'disk|kernel',
        meaning:
          'what a reply waits for. "disk": the answered request survives a power cut. "kernel": it survives the end of ' +
          'the platform, and replies are faster (default: disk)',
      },
      { name: 'detach', meaning: 'runs it in the background, and returns when it is ready' },
      { name: asDeployed, meaning: 'runs the emulation of the deployed template instead; needs a checkout' },
    ],
    run: async (line) => (await import('./command/start.ts')).start(line),
    details: async () => (await import('./command/start-details.ts')).startDetails(),
  },
  {
    name: 'stop',
    summary: 'Ends the platform of a data folder, and returns when it has ended.',
    options: [data],
    run: async (line) => (await import('./command/stop.ts')).stop(line),
  },
  {
    name: 'status',
    summary: 'Says whether a platform runs on a data folder, at which address, and how many jobs it has.',
    options: [data],
    run: async (line) => (await import('./command/status.ts')).status(line),
  },
  {
    name: 'env',
    summary: 'Prints export lines for dx, with a new token: eval "$(espalier env)".',
    options: [data, user],
    run: async (line) => (await import('./command/env.ts')).printEnvironment(line),
  },
  {
    name: 'user add',
    words: ['NAME'],
    summary: 'Adds a user, and prints a password and a token, once.',
    options: [data],
    run: async (line) => (await import('./command/user.ts')).addUser(line),
  },
  {
    name: 'user list',
    summary: 'Lists the users.',
    options: [data],
    run: async (line) => (await import('./command/user.ts')).listUsers(line),
  },
  {
    name: 'user remove',
    words: ['NAME'],
    summary: 'Removes a user with all tokens and memberships.',
    options: [
      data,
      { name: 'with-projects', meaning: 'destroys the projects that nobody else administers, with their data' },
    ],
    run: async (line) => (await import('./command/user.ts')).removeUser(line),
  },
  {
    name: 'user password',
    words: ['NAME'],
    summary: 'Sets a new password, and prints it, once. Tokens stay valid.',
    options: [data, { name: 'stdin', meaning: 'reads the password from standard input (default: a random one)' }],
    run: async (line) => (await import('./command/user.ts')).setPassword(line),
  },
  {
    name: 'token',
    summary: 'Prints a new token of a user.',
    options: [
      data,
      user,
      { name: 'days', value: 'N', meaning: 'how long it is valid (default: 30)' },
      { name: 'label', value: 'TEXT', meaning: 'what "token list" shows of it (default: espalier token)' },
    ],
    run: async (line) => (await import('./command/token.ts')).issueToken(line),
  },
  {
    name: 'token list',
    summary: 'Lists the valid tokens of a user by their ids. The tokens themselves are stored nowhere.',
    options: [data, user],
    run: async (line) => (await import('./command/token.ts')).listTokens(line),
  },
  {
    name: 'token revoke',
    words: ['ID'],
    summary: 'Revokes a token. ID is the beginning of an id in "token list", or the token itself.',
    options: [data, user],
    run: async (line) => (await import('./command/token.ts')).revokeToken(line),
  },
  {
    name: 'enter',
    words: ['JOB'],
    rest: 'COMMAND ...',
    summary: 'Opens a shell, or runs a command, in a failed job that is held.',
    options: [data],
    run: async (line) => (await import('./command/enter.ts')).enter(line),
  },
  {
    name: 'demo',
    summary: 'Runs the example from upload to result on a platform of its own.',
    options: [{ name: asDeployed, meaning: 'uses the emulation of the deployed template' }],
    run: async (line) => (await import('./command/demo.ts')).demo(line),
  },
  {
    name: 'doctor',
    summary: 'Says whether this machine has all that a platform needs, before anything is started.',
    options: [
      port,
      data,
      { name: asDeployed, meaning: 'also checks what the emulation of the deployed template needs' },
    ],
    run: async (line) => (await import('./command/doctor.ts')).doctor(line),
  },
];
