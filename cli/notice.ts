// Prints notices of the commands to standard error. Standard output is kept for programs that read it.

/** Prints one line on standard error. */
export function say(line: string): void {
  process.stderr.write(`espalier: ${line}\n`);
}
