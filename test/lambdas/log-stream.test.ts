// A job's log through the limits of the services that carry it: nothing is lost or sent twice, and every end is
// announced.

import { beforeEach, describe, expect, test } from 'vitest';
import { givenRunningJob, type LogWorld, watch } from './log-world.ts';

let world: LogWorld;
let printed: string[];
beforeEach(async () => {
  world = await givenRunningJob();
  printed = [];
});

/** Prints a line every twenty seconds and then ends, but is silent for half an hour from the twentieth minute. */
function printUntil(endMinute: number): void {
  let last = -1;
  let ended = false;
  world.onTime.push(async (minute) => {
    for (let at = last + 1; at <= minute * 3; at++) {
      last = at;
      if (ended || (at / 3 >= 20 && at / 3 < 50)) continue;
      printed.push(`line ${at}`);
      world.print(`line ${at}`);
    }
    if (minute < endMinute || ended) return;
    ended = true;
    await world.finish();
  });
}

describe('a job that is silent for half an hour', () => {
  test('is streamed completely over one connection, through many invocations', async () => {
    printUntil(110);
    const { lines, said, end, turns } = await watch(world);
    expect(lines).toEqual(printed);
    expect(lines).toHaveLength(110 * 3 + 1 - 90);
    expect(said).toEqual([...Array(3).fill(`No new line for 8 minutes; ${world.job} is running`), 'END_LOG']);
    expect(end).toBe('END_LOG');
    expect(turns).toBeGreaterThan(6);
  });

  test('and runs for three hours: the stream announces its end, and another one shows everything', async () => {
    printUntil(180);
    const first = await watch(world);
    expect(first.end).toBe('END_LOG');
    const minutes = (world.context.clock.now - world.startedAt) / 60_000;
    expect([minutes > 114, minutes < 116]).toEqual([true, true]);
    // Lines that are printed in the second in which the stream ends are in the next stream.
    expect(first.lines.length).toBeGreaterThanOrEqual(printed.length - 1);
    expect(first.lines).toEqual(printed.slice(0, first.lines.length));
    expect(first.said.slice(-2)).toEqual([expect.stringContaining(`"dx watch ${world.job}" shows its log`), 'END_LOG']);
    const second = await watch(world);
    expect(second.lines).toEqual(printed);
    expect(second.lines).toHaveLength(180 * 3 + 1 - 90);
    expect(second.said.at(-1)).toBe('END_LOG');
    expect(second.said.join()).not.toContain('dx watch');
  });

  test('gives a reader of certain levels only those levels', async () => {
    printUntil(60);
    const { frames } = await watch(world, { levels: ['STDOUT'] });
    expect(new Set(frames.slice(0, -1).map(({ level }) => level))).toEqual(new Set(['STDOUT']));
    expect(frames.filter(({ source }) => source === 'SYSTEM').map(({ msg }) => msg)).toEqual(['', '', '', 'END_LOG']);
    for (const frame of frames.slice(0, -1))
      expect(Object.keys(frame)).toEqual(expect.arrayContaining(['jobTry', 'line']));
  });
});

describe('nothing is lost or doubled', () => {
  test('when every event is delivered twice', async () => {
    printUntil(60);
    const { lines, end } = await watch(world, {}, { twice: true });
    expect([lines, end]).toEqual([printed, 'END_LOG']);
  });

  test('when a flood takes longer to send than an invocation lasts', async () => {
    printed = Array.from({ length: 2_500 }, (_, index) => `line ${index}`);
    for (const line of printed) world.print(line);
    await world.finish();
    const { lines, turns, end } = await watch(world, {}, { sendMs: 1_000 });
    expect([lines, end]).toEqual([printed, 'END_LOG']);
    expect(turns).toBe(3);
  });

  test('when the reader accepts nothing for a while', async () => {
    printUntil(10);
    const { lines, end } = await watch(world, {}, { send: (count) => (count % 7 < 3 ? 'busy' : 'sent') });
    expect([lines, end]).toEqual([printed, 'END_LOG']);
  });

  test('when the log cannot be read for a while', async () => {
    printUntil(30);
    const { read } = world.context.logs;
    let count = 0;
    world.context.logs.read = async (...args) => {
      if (++count % 10 < 5) throw Object.assign(new Error('throttled'), { transient: true });
      return read(...args);
    };
    const { lines, end } = await watch(world);
    expect([lines, end]).toEqual([printed, 'END_LOG']);
  });

  test('when an invocation dies, except that the lines of its last seconds are sent again', async () => {
    printUntil(60);
    const { lines, end } = await watch(world, {}, { send: (count) => (count === 40 ? 'crash' : 'sent') });
    expect([...new Set(lines)]).toEqual(printed);
    expect(lines.length - printed.length).toBeLessThanOrEqual(1);
    expect(end).toBe('END_LOG');
  });
});

describe('the last lines only', () => {
  test('are found among many, whatever is sent in the meantime', async () => {
    for (let count = 0; count < 8_000; count++) world.print(`line ${count}`);
    await world.finish();
    const { lines } = await watch(world, { numRecentMessages: 1_500 }, { sendMs: 1_000 });
    expect(lines).toEqual(Array.from({ length: 1_500 }, (_, index) => `line ${6_500 + index}`));
  });
});

describe('a stream that breaks off', () => {
  test('says so to its reader, and ends', async () => {
    world.print('one');
    world.onTime.push((minute) => {
      if (minute > 5) world.context.logs.read = async () => Promise.reject(new Error('no such group'));
    });
    const { lines, said, end } = await watch(world);
    expect(lines).toEqual(['one']);
    expect(said).toEqual([expect.stringMatching(/^InternalError: /), 'END_LOG']);
    expect(end).toBe('END_LOG');
  });

  test('is pumped no further when its reader has gone, even if the job is silent', async () => {
    const { frames, turns } = await watch(world, {}, { send: () => 'gone' });
    expect([frames, turns]).toEqual([[], 1]);
    expect(world.context.clock.now - world.startedAt).toBeLessThan(9 * 60_000);
  });
});

describe('a tree', () => {
  test('is in order of time, however much each job has printed', async () => {
    const { job, context, print } = world;
    const child = await world.startChild();
    const expected: string[] = [];
    for (let count = 0; count < 6_000; count++) {
      context.clock.now += 1;
      expected.push(`line ${count}`);
      print(`line ${count}`, { job: count % 50 === 0 ? child : job });
    }
    await world.finish();
    expect((await watch(world, { recurseJobs: true })).lines).toEqual(expected);
  });

  test('of many running jobs is read less often', async () => {
    for (let count = 0; count < 49; count++) await world.startChild();
    const { read } = world.context.logs;
    let count = 0;
    world.context.logs.read = (...args) => {
      count += 1;
      return read(...args);
    };
    world.onTime.push((minute) => (minute < 10 ? undefined : world.finish()));
    const { said } = await watch(world, { recurseJobs: true });
    expect(said.at(-1)).toBe('END_LOG');
    expect(count / 600).toBeGreaterThan(5);
    expect(count / 600).toBeLessThan(11);
  });

  test('of many jobs, one after another, is read about once', async () => {
    const { context, print } = world;
    const expected: string[] = [];
    for (let job = 0; job < 40; job++) {
      const child = await world.startChild();
      for (let count = 0; count < 300; count++) {
        context.clock.now += 1;
        expected.push(`${job}: line ${count}`);
        print(`${job}: line ${count}`, { job: child });
      }
    }
    await world.finish();
    const { read } = context.logs;
    let count = 0;
    context.logs.read = (...args) => {
      count += 1;
      return read(...args);
    };
    // Sending takes long enough for several invocations.
    const { lines, turns } = await watch(world, { recurseJobs: true }, { sendMs: 200 });
    expect(lines).toEqual(expected);
    expect(turns).toBeGreaterThan(2);
    expect(count).toBeLessThan(330);
  });
});
