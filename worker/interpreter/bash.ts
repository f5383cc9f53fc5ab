// Runs a bash executable (docs/reference/api.md, "Bash jobs"): the environment file and the code are sourced, then the
// function named as the entry point is called, if there is one. The entry point's name is an argument, never program
// text.

import { join } from 'node:path';
import { environmentName, type JobFolder, writeOver } from '../folder.ts';
import { shellWord, type Variables } from '../job-variables.ts';
import type { Claim } from '../platform.ts';
import { runProgram } from '../program.ts';

/** Writes the `environment` file. Returns the command line. */
export async function prepareBash(
  folder: JobFolder,
  claim: Claim,
  { variables, secrets }: { readonly variables: Variables; readonly secrets: Variables },
  over: AbortSignal,
): Promise<string[]> {
  const { seen } = folder;
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${shellWord(value)}`);
  const inputs = hasObject(claim.input)
    ? await objectExports(folder, { ...variables, ...secrets }, over)
    : scalarExports(claim.input, variables).join('\n');
  writeOver(join(folder.home, environmentName), `${exports.join('\n')}\n${inputs}\n`);
  return ['bash', '-c', program, 'bash', join(seen.home, environmentName), seen.codeFile, claim.function];
}

/**
 * Names, prefixes and paths of input files follow the client's own rules, so the client's own program prints them. It
 * reads the input in HOME, and prints paths in HOME, which is another one for the job.
 */
async function objectExports(folder: JobFolder, variables: Variables, over: AbortSignal): Promise<string> {
  const environment = { ...variables, HOME: folder.home };
  const place = { environment, folder: folder.home, over, timeoutMs: variablesTimeoutMs };
  return (await runProgram('dx-print-bash-vars', [], place)).replaceAll(folder.home, folder.seen.home);
}

/**
 * The lines that `dx-print-bash-vars` prints for an input without data objects. They are made here without starting
 * Python.
 */
function scalarExports(input: Readonly<Record<string, unknown>>, taken: Variables): string[] {
  return Object.entries(input)
    .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !Object.hasOwn(taken, name))
    .map(([name, value]) => {
      const words = Array.isArray(value) ? `( ${value.map(valueWord).join(' ')} )` : valueWord(value);
      return `export ${name}=${words}`;
    });
}

function valueWord(value: unknown): string {
  return shellWord(typeof value === 'string' ? value : JSON.stringify(value));
}

function hasObject(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasObject);
  if (value === null || typeof value !== 'object') return false;
  return '$dnanexus_link' in value || Object.values(value).some(hasObject);
}

const variablesTimeoutMs = 120_000;

const program = `
set -e
. "$1"
. "$2"
if declare -F -- "$3" >/dev/null; then
  "$3"
else
  echo "Global scope execution complete. Not invoking entry point function $3 because it was not found" >&2
fi
`;
