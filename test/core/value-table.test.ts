// One table of values: each class, with a value that is absent, null, empty, nested or beyond 2⁵³, as an input, as a
// default and as an output. Each value passes through everything that judges it between the call and the job, or
// between the job and its output.

import { describe, expect, it } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import { type ObjectId, objectClasses } from '../../core/id/identifier.ts';
import { checkSpecification } from '../../core/iospec/check-specification.ts';
import { type ParameterClass, parameterClasses, type Specification } from '../../core/iospec/parameter.ts';
import { nothingHandedOver } from '../../core/job/handed-over.ts';
import { planInput, resolveInput } from '../../core/job/plan-input.ts';
import { planOutput, resolveOutput } from '../../core/job/plan-output.ts';
import { parseExactly } from '../../core/reference/exact-number.ts';
import type { Hash } from '../../core/reference/value.ts';
import { prepareInput } from '../../core/run/prepare-input.ts';
import { planJob } from '../memory/plan.ts';

/**
 * What becomes of a value: `refused` by the call that carries it, a job that fails with InputError or OutputError, `none`
 * (as if it were not given), or the JSON that the job or the project gets.
 */
type Ending = string;
type Row = readonly [
  wanted: ParameterClass,
  what: string,
  json: string | undefined,
  input: { readonly required: Ending; readonly optional: Ending },
  /** As the default of an input that is not given. */
  byDefault: Ending,
  output: { readonly required: Ending; readonly optional: Ending },
];

const both = (ending: Ending) => ({ required: ending, optional: ending });
type Endings = readonly [json: string, input: Row[3], byDefault: Ending, output: Row[5]];
const same = (json: string, ending = json): Endings => [json, both(ending), ending, both(ending)];
const wrong = (json: string): Endings => [json, both('InputError'), 'InputError', both('OutputError')];
/** A whole number that JavaScript cannot hold. It is refused before anybody looks at the class. */
const inexact = (json: string): Endings => [json, both('refused'), 'refused', both('OutputError')];
/** A whole number beyond 2⁵³ that JavaScript happens to hold. */
const large = (json: string): Endings => [json, both('refused'), 'InputError', both('OutputError')];
const absent = [
  undefined,
  { required: 'refused', optional: 'none' },
  'refused',
  { required: 'OutputError', optional: 'none' },
] as const;
const isNull = ['null', absent[1], 'none', absent[3]] as const;

const odd = '9007199254740993';
const even = '9007199254740992';
const idOf = (name: string) => deriveId(name as (typeof objectClasses)[number], 'u', 'r', '1');
const linkJson = (name: string) => `{"$dnanexus_link":"${idOf(name)}"}`;

const scalars: readonly Row[] = [
  ['int', 'absent', ...absent],
  ['int', 'null', ...isNull],
  ['int', 'empty', ...wrong('""')],
  ['int', 'nested', ...wrong('[[3]]')],
  ['int', 'largest', ...same('9007199254740991')],
  ['int', 'beyond 2⁵³', ...inexact(odd)],
  ['int', 'beyond 2⁵³, negative', ...inexact(`-${odd}`)],
  ['int', 'beyond 2⁵³, exact', ...large(even)],
  ['int', 'beyond 2⁵³, as a power', ...large('1e20')],
  ['float', 'absent', ...absent],
  ['float', 'null', ...isNull],
  ['float', 'empty', ...wrong('""')],
  ['float', 'nested', ...wrong('[[0.5]]')],
  ['float', 'beyond 2⁵³', ...inexact(odd)],
  ['float', 'beyond 2⁵³, exact', ...same(even)],
  ['float', 'beyond 2⁵³, as a power', ...same('1e+300')],
  ['string', 'absent', ...absent],
  ['string', 'null', ...isNull],
  ['string', 'empty', ...same('""')],
  ['string', 'nested', ...wrong('[["a"]]')],
  ['string', 'beyond 2⁵³', ...inexact(odd)],
  ['string', 'beyond 2⁵³, as text', ...same(`"${odd}"`)],
  ['boolean', 'absent', ...absent],
  ['boolean', 'null', ...isNull],
  ['boolean', 'empty', ...wrong('""')],
  ['boolean', 'nested', ...wrong('[[true]]')],
  ['boolean', 'beyond 2⁵³', ...inexact(odd)],
  ['hash', 'absent', ...absent],
  ['hash', 'null', ...isNull],
  ['hash', 'empty', ...same('{}')],
  ['hash', 'nested', ...same('{"a":{"b":[[1]]}}')],
  ['hash', 'null inside', ...same('{"a":null}')],
  ['hash', 'beyond 2⁵³ inside', ...inexact(`{"a":${odd}}`)],
  ['hash', 'beyond 2⁵³ inside, exact', ...same(`{"a":${even}}`)],
];
const links = [...objectClasses, 'database'].flatMap((name): Row[] => [
  [name as ParameterClass, 'absent', ...absent],
  [name as ParameterClass, 'null', ...isNull],
  [name as ParameterClass, 'empty', ...wrong('{}')],
  [name as ParameterClass, 'nested', ...wrong(`[[${linkJson('file')}]]`)],
  [name as ParameterClass, 'beyond 2⁵³', ...inexact(odd)],
]);
const elements: readonly (readonly [ParameterClass, one: string, largeOne: Endings])[] = [
  ['array:int', '1', large(`[${even}]`)],
  ['array:float', '0.5', same(`[${even}]`)],
  ['array:string', '"a"', wrong(`[${even}]`)],
  ['array:boolean', 'true', wrong(`[${even}]`)],
  ...objectClasses.map((name) => [`array:${name}`, linkJson(name), wrong(`[${even}]`)] as const),
];
const arrays = elements.flatMap(([name, one, largeOne]): Row[] => [
  [name, 'absent', ...absent],
  [name, 'null', ...isNull],
  [name, 'empty', ...same('[]')],
  [name, 'nested', ...same(`[[${one}],[[],[${one}]]]`, `[${one},${one}]`)],
  [name, 'one element alone', ...wrong(one)],
  [name, 'null inside', ...wrong('[null]')],
  [name, 'beyond 2⁵³ inside', ...inexact(`[${odd}]`)],
  [name, 'beyond 2⁵³ inside, exact', ...largeOne],
]);
const table: readonly Row[] = [...scalars, ...links, ...arrays, ['array:database', 'null', ...isNull]];

const { row } = planJob('main');
const seen = new Map(
  objectClasses.map((name) => [idOf(name) as ObjectId, { state: 'closed' as const, types: [], links: [] }]),
);
const places = new Map([...seen.keys()].map((object) => [object, row.project]));
const nothing = { outputs: new Map(), metadata: new Map() };
const spec = (parameter: Hash) => [{ name: 'v', ...parameter }] as unknown as Specification;

function valuesOf(json: string | undefined): Hash | undefined {
  const parsed = parseExactly(json === undefined ? '{}' : `{"v":${json}}`);
  return 'problem' in parsed ? undefined : (parsed.value as Hash);
}

function endingOf(values: Hash): Ending {
  return Object.hasOwn(values, 'v') ? JSON.stringify(values.v) : 'none';
}

function runWith(inputSpec: Specification, input: Hash | undefined): Ending {
  const prepared = input && prepareInput({ input, dependsOn: [] }, inputSpec);
  if (prepared === undefined || 'refused' in prepared) return 'refused';
  const { originalInput } = prepared;
  const resolved = resolveInput({ originalInput, inputSpec }, nothing);
  if ('problems' in resolved) return 'InputError';
  const plan = planInput({
    ...{ row, resolved, linked: { facts: seen, places, bound: [] }, arrived: nothingHandedOver },
    spec: { originalInput, inputSpec, pins: [] },
  });
  return 'problems' in plan ? 'InputError' : endingOf(resolved.input);
}

function runWithDefault(wanted: ParameterClass, json: string | undefined): Ending {
  const values = valuesOf(json);
  const inputSpec = spec({ class: wanted, ...(values && Object.hasOwn(values, 'v') ? { default: values.v } : {}) });
  if (values === undefined || checkSpecification(inputSpec, 'inputSpec').length > 0) return 'refused';
  return runWith(inputSpec, {});
}

function finishWith(outputSpec: Specification, before: Hash | undefined): Ending {
  if (before === undefined) return 'OutputError';
  const resolved = resolveOutput({ outputSpec, folder: '/' }, before, nothing);
  if ('problems' in resolved) return 'OutputError';
  const handedOver = { facts: seen, places, bound: [] };
  const plan = planOutput({ row, spec: { outputSpec, folder: '/' }, before, resolved, handedOver });
  return 'problems' in plan ? 'OutputError' : endingOf(plan.output ?? before);
}

describe('a value', () => {
  it.each(table)('of class %s that is %s: %s', (wanted, _, json, input, byDefault, output) => {
    const [required, optional] = [spec({ class: wanted }), spec({ class: wanted, optional: true })];
    expect({
      input: { required: runWith(required, valuesOf(json)), optional: runWith(optional, valuesOf(json)) },
      byDefault: runWithDefault(wanted, json),
      output: { required: finishWith(required, valuesOf(json)), optional: finishWith(optional, valuesOf(json)) },
    }).toEqual({ input, byDefault, output });
  });

  it('of every class is in the table', () => {
    expect(new Set(table.map(([wanted]) => wanted))).toEqual(new Set(parameterClasses));
  });

  it('that is null leaves a field with a default to its default', () => {
    for (const wanted of ['int', 'array:int'] as const) {
      const json = wanted === 'int' ? '7' : '[7,8]';
      const inputSpec = spec({ class: wanted, default: JSON.parse(json) });
      expect(runWith(inputSpec, { v: null })).toBe(json);
    }
  });
});
