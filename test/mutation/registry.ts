// Stands in for vitest's test functions while the test files load, so that the host can run each test as often as it
// has mutants. What a test file calls beyond these functions is vitest's own.

import { format } from 'node:util';
import * as vitest from 'vitest';
import { type Registered, registered, type Suite } from './registered.ts';

type Body = (...given: unknown[]) => unknown;
type Options = Body | number | object;
type Declare = (title: string, ...rest: Options[]) => void;
type Each = (table: readonly unknown[]) => Declare;

export const test: Declare & { each: Each } = Object.assign(declareTest, { each: eachOf(declareTest) });
export const it: Declare & { each: Each } = Object.assign(declareTest, { each: eachOf(declareTest) });
export const describe: Declare & { each: Each } = Object.assign(declareSuite, { each: eachOf(declareSuite) });

export function beforeEach(hook: Body): void {
  suite().before.push(async () => void (await hook()));
}

/** Runs before each test, too, because a mutant must not find what an earlier one has made. */
export function beforeAll(hook: Body): void {
  beforeEach(hook);
}

export const { expect, expectTypeOf } = vitest;

function declareTest(title: string, ...rest: Options[]): void {
  const body = bodyOf(rest);
  const enclosing = [...registered().suites];
  const one: Registered = {
    title: [...enclosing.map((each) => each.title), title].filter((each) => each !== '').join(' > '),
    run: async () => {
      for (const { before } of enclosing) for (const hook of before) await hook();
      await body();
    },
  };
  registered().tests.push(one);
}

function declareSuite(title: string, ...rest: Options[]): void {
  const body = bodyOf(rest);
  const { suites } = registered();
  suites.push({ title, before: [] });
  body();
  suites.pop();
}

/** A test or a suite for each row of a table. A row that is an array is spread. */
function eachOf(declare: Declare): Each {
  return (table) =>
    (title, ...rest) => {
      const body = bodyOf(rest);
      for (const row of table) {
        const given = Array.isArray(row) ? row : [row];
        const holes = title.match(/%[sdifjoO]/g)?.length ?? 0;
        declare(format(title, ...given.slice(0, holes)), () => body(...given));
      }
    };
}

/** The body of a declaration, which may stand before or behind its options. */
function bodyOf(rest: readonly Options[]): Body {
  const body = rest.find((one) => typeof one === 'function');
  if (body === undefined) throw new Error('a test has no body');
  return body as Body;
}

function suite(): Suite {
  const innermost = registered().suites.at(-1);
  if (innermost === undefined) throw new Error('a hook stands outside of any test file');
  return innermost;
}
