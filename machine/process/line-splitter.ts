// Cuts a stream of bytes into lines of text.

import { StringDecoder } from 'node:string_decoder';

/**
 * Call `push` with each chunk; `end` passes on the text after the last newline. A carriage return before a newline is
 * cut off.
 */
export function createLineSplitter(onLine: (line: string) => void) {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    while (rest.length > maximumLineLength) {
      onLine(rest.slice(0, maximumLineLength));
      rest = rest.slice(maximumLineLength);
    }
  };
  return {
    push: (bytes: Buffer) => take(decoder.write(bytes)),
    end() {
      take(decoder.end());
      if (rest) onLine(rest);
      rest = '';
    },
  };
}

/** A longer line is passed on in pieces of this many characters. CloudWatch Logs accepts events of up to 256 KiB. */
const maximumLineLength = 64 * 1024;
