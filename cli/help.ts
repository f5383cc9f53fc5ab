// Prints what commands there are, and what the words and options of each mean.

import type { Command } from './command.ts';

/** One line: how the command is typed. */
export function usageOf({ name, words = [], options, rest }: Command): string {
  const shown = options.map((one) => `[--${one.name}${one.value === undefined ? '' : ` ${one.value}`}]`);
  return ['espalier', name, ...words, ...shown, ...(rest === undefined ? [] : [`[-- ${rest}]`])].join(' ');
}

/** The usage, the summary and every option of one command. */
export async function helpOf(command: Command): Promise<string> {
  const { summary, options, details } = command;
  const shown = options.map(({ name, value, meaning }) => ({
    left: `--${name}${value === undefined ? '' : ` ${value}`}`,
    meaning,
  }));
  const more = details === undefined ? '' : await details();
  return `Usage: ${usageOf(command)}\n\n${summary}\n${shown.length === 0 ? '' : `\n${columns(shown)}`}${more}`;
}

/** All commands, one line each. */
export function listOf(commands: readonly Command[]): string {
  const shown = commands.map(({ name, words = [], summary }) => ({
    left: [name, ...words].join(' '),
    meaning: summary,
  }));
  return `Usage: espalier COMMAND [OPTION ...]\n\n${columns(shown)}\n${hint}\n`;
}

/** Two columns. A line of the right column is at most so long that both fit on a terminal. */
function columns(rows: readonly { readonly left: string; readonly meaning: string }[]): string {
  const width = Math.max(...rows.map(({ left }) => left.length));
  const lines = rows.flatMap(({ left, meaning }) =>
    wrapped(meaning, lineWidth - width - 4).map(
      (text, index) => `  ${(index === 0 ? left : '').padEnd(width)}  ${text}`,
    ),
  );
  return `${lines.join('\n')}\n`;
}

function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const lineWidth = 110;
const hint =
  '"espalier COMMAND --help" explains the options of a command. `dx`, from PyPI, is the client for everything else.';
