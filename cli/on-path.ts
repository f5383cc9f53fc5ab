// Finds programs on the PATH, and says how a user types this command.

import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { dataFolderPath } from '../machine/data-folder.ts';
import { packageRoot } from '../machine/program-file.ts';

/** The path of a program; undefined when no folder of the PATH has it. */
export function findOnPath(program: string, path: string = ''): string | undefined {
  const places = path.split(delimiter).filter((folder) => folder !== '');
  return places.map((folder) => join(folder, program)).find(isProgram);
}

/** A command for the platform of this data folder, as it works in another terminal. */
export function typedCommandOn(dataFolder: string, command: string): string {
  const isUsual = dataFolder === dataFolderPath(undefined, process.env);
  return `${typedCommand(process.env.PATH)} ${command}${isUsual ? '' : ` --data ${quotedIfNeeded(dataFolder)}`}`;
}

/** The name of this program if another terminal finds it, else its path. */
function typedCommand(path: string = ''): string {
  const launcher = join(packageRoot, 'bin', 'espalier.js');
  // npx and npm put these folders on the PATH of what they run only.
  const lasting = path.split(delimiter).filter((folder) => !folder.split(sep).includes('node_modules'));
  const found = findOnPath('espalier', lasting.join(delimiter));
  return found !== undefined && realpathSync(found) === launcher ? 'espalier' : quotedIfNeeded(launcher);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function quotedIfNeeded(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quoted(text);
}

/** A word of the shell that means exactly this text. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
