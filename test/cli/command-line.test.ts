// How a command line is read, and what is said about one that is not understood.

import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../cli/command-line.ts';
import { commands } from '../../cli/command-table.ts';
import { helpOf, listOf, usageOf } from '../../cli/help.ts';
import { didYouMean } from '../../cli/nearest.ts';
import { UsageError } from '../../cli/usage-error.ts';

function commandOf(name: string) {
  const found = commands.find((command) => command.name === name);
  if (found === undefined) throw new Error(`no command ${name}`);
  return found;
}

describe('a command line', () => {
  it('gives the values of options, the flags, the words and what follows --', () => {
    const line = readCommandLine(commandOf('start'), ['--port=0', '--data', '/d', '--detach']);
    expect(line).toMatchObject({ options: { port: '0', data: '/d' }, words: [], rest: [] });
    expect([...line.flags]).toEqual(['detach']);
    const enter = readCommandLine(commandOf('enter'), ['job-x', '--', 'ls', '--all']);
    expect(enter).toMatchObject({ words: ['job-x'], rest: ['ls', '--all'] });
  });

  it.each([
    ['start', ['--data='], 'The value of "--data" is empty'],
    ['start', ['--data', ''], 'The value of "--data" is empty'],
    ['start', ['--data'], 'The option "--data" needs a value: --data DIR.'],
    ['start', ['--data', '--port', '0'], 'The option "--data" needs a value'],
    ['start', ['--detach=yes'], 'The option "--detach" takes no value.'],
    ['start', ['--prot', '1'], 'There is no option "--prot" here. Did you mean "--port"?'],
    ['start', ['--colour'], 'There is no option "--colour" here.\n'],
    ['start', ['-p', '1'], 'There is no option "-p" here.'],
    ['start', ['now'], '"now" is not expected here.'],
    ['start', ['--', 'now'], '"now" is not expected here.'],
    ['user add', [], 'NAME is missing.'],
    ['enter', ['job-x', 'ls'], '"ls" is not expected here.'],
  ])('of %s with %j is refused with the usage', (name, parameters, message) => {
    const command = commandOf(name);
    const read = () => readCommandLine(command, parameters);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
    expect(read).toThrow(`\nUsage: ${usageOf(command)}`);
  });
});

it.each([
  ['strat', ' Did you mean "start"?'],
  ['stats', ' Did you mean "status"?'],
  ['usr', ' Did you mean "user"?'],
  ['dem', ' Did you mean "demo"?'],
  ['kubernetes', ''],
  ['', ''],
])('the typed word "%s" gets the question "%s"', (typed, question) => {
  expect(didYouMean(typed, ['start', 'stop', 'status', 'env', 'user', 'demo'])).toBe(question);
});

describe('the help', () => {
  it('lists every command within the width of a terminal', () => {
    const text = listOf(commands);
    for (const { name, summary } of commands)
      expect(text).toMatch(new RegExp(`^  ${name}.*${summary.slice(0, 20)}`, 'm'));
    expect(text.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });

  it.each(commands.map((command) => [command.name, command] as const))(
    'of %s explains every option, and names the default of each that has a value',
    async (_, command) => {
      const text = await helpOf(command);
      for (const { name, value, meaning } of command.options) {
        expect(text).toContain(`  --${name}${value === undefined ? '' : ` ${value}`}`);
        if (value !== undefined) expect(meaning).toMatch(/\(default: .+\)$/);
      }
    },
  );
});
