// What the commands tell beside their output: standard output is for who reads it by a program.

/** One line on standard error. */
export function say(line: string): void {
  process.stderr.write(`espalier: ${line}\n`);
}
