// A job's output in its log: lines of limited length, of printable text, up to a limit in all.

import { describe, expect, it } from 'vitest';
import { createJobLog } from '../../worker/log.ts';

type Entry = { readonly n: number; readonly l: string; readonly s: string; readonly m: string };

function givenLog(limitBytes = 1e9) {
  const entries: Entry[] = [];
  let fullCount = 0;
  let longest = 0;
  const log = createJobLog({
    job: 'job-0123456789BFGJKPQVXYZb00',
    try: 0,
    limitBytes,
    now: () => 0,
    write: (line) => {
      longest = Math.max(longest, line.length);
      entries.push(JSON.parse(line));
    },
    onFull: () => {
      fullCount += 1;
    },
  });
  return { log, entries, texts: () => entries.map(({ m }) => m), fullCount: () => fullCount, longest: () => longest };
}

/** The same bytes, cut into chunks of this size. */
function print(bytes: Buffer, chunkBytes: number, limitBytes?: number) {
  const given = givenLog(limitBytes);
  const { write, end } = given.log.consumer('STDOUT');
  for (let at = 0; at < bytes.length; at += chunkBytes) write(bytes.subarray(at, at + chunkBytes));
  end();
  return given;
}

describe.each([1, 7, 4_096, 65_536, 1e8])('printed in pieces of %d bytes', (chunkBytes) => {
  const cut = (text: string) => `${text.slice(0, 8_000)}... [truncated]`;

  it('a long line is cut once, and the next one is whole', () => {
    const bytes = Buffer.from(`${'x'.repeat(chunkBytes === 1 ? 20_000 : 10_000_000)}\nnext\n${'y'.repeat(8_000)}\n`);
    expect(print(bytes, chunkBytes).texts()).toEqual([cut('x'.repeat(9_000)), 'next', 'y'.repeat(8_000)]);
  });

  it('bytes that are not text are shown as such, and do not spoil the lines after them', () => {
    const bytes = Buffer.concat([
      Buffer.from('NUL \0 in it\n'),
      Buffer.from([0xff, 0xfe, 0x80, 0x0a, 0xf0, 0x9f, 0x0a]),
      Buffer.from('é 😀\r\nlast'),
      Buffer.from([0xe2, 0x82]),
    ]);
    expect(print(bytes, chunkBytes).texts()).toEqual([
      'NUL \0 in it',
      '\ufffd\ufffd\ufffd',
      '\ufffd',
      'é 😀',
      'last\ufffd',
    ]);
  });

  it('a character is never cut in half', () => {
    const { texts, entries } = print(Buffer.from(`${'x'.repeat(7_999)}😀 and more`), chunkBytes);
    expect(texts()).toEqual([`${'x'.repeat(7_999)}\ufffd... [truncated]`]);
    expect(entries[0]?.m.isWellFormed()).toBe(true);
  });
});

it('a byte of every value makes lines that fit into one message each', () => {
  const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => (index * 7_919) % 256));
  const { entries, longest } = print(bytes, 65_536);
  expect(entries.length).toBe(Math.ceil(1_000_000 / 256));
  expect(longest()).toBeLessThan(128 * 1024);
  expect(print(Buffer.alloc(100_000, 1), 65_536).longest()).toBeLessThan(128 * 1024);
});

it('dxpy’s lines are text too', () => {
  const { log, texts } = givenLog();
  log.line('INFO', `\ud800${'x'.repeat(9_000)}`);
  expect(texts()).toEqual([`\ufffd${'x'.repeat(7_999)}... [truncated]`]);
});

describe('a log that is full', () => {
  it('says so in its place, and drops further output of the job', () => {
    const { log, entries, texts, fullCount } = givenLog(1_000);
    const { write } = log.consumer('STDOUT');
    for (let count = 0; count < 100; count++) write(Buffer.from(`${'x'.repeat(74)}\n`));
    log.line('INFO', 'END_LOG', 'SYSTEM');
    expect(texts().slice(10)).toEqual([
      'x'.repeat(74),
      'The log is full (1000 bytes): further output of the job is dropped',
      'END_LOG',
    ]);
    expect(entries.map(({ n }) => n)).toEqual(entries.map((_, index) => index + 1));
    expect(fullCount()).toBe(1);
  });

  it('is filled by empty lines, but not by what is cut off', () => {
    expect(print(Buffer.alloc(1_000, '\n'), 100, 26_000).fullCount()).toBe(0);
    expect(print(Buffer.alloc(1_001, '\n'), 100, 26_000).fullCount()).toBe(1);
    expect(print(Buffer.alloc(1_000_000, 'x'), 65_536, 9_000).fullCount()).toBe(0);
  });
});
