// Tests the plan of a job's input. Each row holds an input, the facts about its objects, and last the decision.

import { describe, expect, it } from 'vitest';
import type { Pin } from '../../core/execution/pin.ts';
import { given } from '../../core/given.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { ObjectId, PlaceId } from '../../core/id/identifier.ts';
import type { Specification } from '../../core/iospec/parameter.ts';
import { type HandedOver, nothingHandedOver } from '../../core/job/handed-over.ts';
import { asRun, inputFailure, isInputStored, planInput, resolveInput } from '../../core/job/plan-input.ts';
import { isShowable, showInput } from '../../core/job/shown-input.ts';
import type { Referenced } from '../../core/reference/resolve.ts';
import type { Hash } from '../../core/reference/value.ts';
import { jobId, planJob } from '../memory/plan.ts';

const applet = deriveId('applet', 'u', 'a', '1');
const own = deriveId('file', 'u', 'f', 'own');
const other = deriveId('file', 'u', 'f', 'other');
const born = deriveId('file', 'u', 'f', 'born');
const secret = deriveId('file', 'u', 'f', 'secret');
const elsewhere: PlaceId = deriveId('project', 'u', 'p', 'elsewhere');
const workspace: PlaceId = deriveId('container', 'u', 'c', '1');
const { row: master } = planJob('main');
const { row: subjob } = planJob('sub', { parent: master });
const { project } = master;

const link = (object: ObjectId) => ({ $dnanexus_link: object });
const maker = jobId('maker');
const made = (field: string, more: object = {}) => ({ $dnanexus_link: { job: maker, field, ...more } });
const output: Hash = {
  file: link(born),
  files: [link(own), link(born)],
  hidden: link(secret),
  n: 3,
  none: null,
  big: 'x'.repeat(600_000),
  deep: JSON.parse('['.repeat(64) + ']'.repeat(64)),
};
const referenced: Referenced = {
  outputs: new Map([[maker, output]]),
  metadata: new Map([[born, { name: 'reads.fq', properties: {}, details: {} }]]),
};
const tooLarge =
  'with the outputs that it refers to it has more than the 1048576 bytes of JSON that are allowed: pass files instead';
const tooDeep = 'with the outputs that it refers to it nests deeper than 64 levels';
const nothing: Referenced = { outputs: new Map(), metadata: new Map() };
const files: Specification = [{ name: 'files', class: 'array:file' }];
const typed: Specification = [{ name: 'file', class: 'file', type: 'Reads' }];

describe('a resolved input', () => {
  const lines: [title: string, input: Hash, from: Referenced, expected: object][] = [
    [
      'lists the objects that it was given links to',
      { a: link(own) },
      nothing,
      { input: { a: link(own) }, linked: [own], arrived: [] },
    ],
    ['lists an object once', { a: [link(own), link(own)] }, nothing, { linked: [own], arrived: [] }],
    ['holds the outputs that it refers to', { a: made('n') }, referenced, { input: { a: 3 }, linked: [], arrived: [] }],
    [
      'lists the objects that arrived with outputs',
      { a: made('file'), b: link(own) },
      referenced,
      { linked: [own], arrived: [born] },
    ],
    ['does not count a linked object as arrived', { a: made('files'), b: link(own) }, referenced, { arrived: [born] }],
    ['has flat arrays', { files: [made('files'), link(other)] }, referenced, { arrived: [own, born] }],
    [
      'holds the names of objects that it refers to',
      { a: made('file', { metadata: 'name' }) },
      referenced,
      { input: { a: 'reads.fq' } },
    ],
    [
      'is refused for a reference to a field that does not exist',
      { a: made('x') },
      referenced,
      { problems: [expect.stringMatching(/has no output field "x"/)] },
    ],
    [
      'is refused for a reference to an output that is not known',
      { a: made('n') },
      nothing,
      { problems: [`the output of ${maker} is not known, or may not be seen`] },
    ],
    ['is refused when it is too large', { a: made('big'), b: made('big') }, referenced, { problems: [tooLarge] }],
    ['is refused when it nests too deep', { a: { b: made('deep') } }, referenced, { problems: [tooDeep] }],
  ];
  it.each(lines)('%s', (_, originalInput, from, expected) => {
    expect(resolveInput({ originalInput, inputSpec: files }, from)).toMatchObject(expected);
  });

  it('has flat arrays only where the specification declares an array', () => {
    const originalInput = { files: [[link(own)], link(other)], a: [[1]] };
    const resolved = resolveInput({ originalInput, inputSpec: files }, nothing);
    expect(resolved).toMatchObject({ input: { files: [link(own), link(other)], a: [[1]] } });
    expect(asRun({ originalInput }, originalInput)).toEqual(originalInput);
  });
});

type Case = {
  readonly input: Hash;
  readonly job?: typeof master;
  readonly inputSpec?: Specification;
  readonly pins?: readonly Pin[];
  readonly linked?: Partial<HandedOver>;
  readonly arrived?: Partial<HandedOver>;
};

function plan({ input, job = master, inputSpec, pins = [], linked = {}, arrived = {} }: Case) {
  const spec = { originalInput: input, pins, ...given({ inputSpec }) };
  const resolved = resolveInput(spec, referenced);
  if ('problems' in resolved) throw new Error(resolved.problems.join());
  const decided = planInput({
    row: job,
    spec,
    resolved,
    linked: { ...nothingHandedOver, ...linked },
    arrived: { ...nothingHandedOver, ...arrived },
  });
  return 'problems' in decided ? decided.problems : { pins: Object.fromEntries(decided.pins), input: decided.input };
}

const seen = (object: ObjectId, place: PlaceId, types: string[] = []) => seenIn({ [object]: place }, types);
const seenIn = (places: { [object: string]: PlaceId }, types: string[] = []): Partial<HandedOver> => {
  const entries = Object.entries(places) as [ObjectId, PlaceId][];
  const facts = { state: 'closed', types, links: [] } as const;
  return { facts: new Map(entries.map(([object]) => [object, facts])), places: new Map(entries) };
};
const gone = (object: ObjectId) => `${object}, which this job depends on, could not be found any more`;
const confined = `${secret} is in a project that is restricted or in another region: it cannot be used in ${project}`;

describe('the plan of an input', () => {
  const pinned: [title: string, of: Case, pins: object][] = [
    ['an input without objects places nothing', { input: { n: 1 } }, {}],
    [
      'a linked object comes from the place where it is seen',
      { input: { a: link(own) }, linked: seen(own, elsewhere) },
      { [elsewhere]: [own] },
    ],
    [
      'a linked object that is seen in another place than at the call comes from there',
      { input: { a: link(own) }, pins: [{ object: own, project }], linked: seen(own, elsewhere) },
      { [elsewhere]: [own] },
    ],
    ['a pin without a place means the project', { input: {}, pins: [{ object: applet }] }, { [project]: [applet] }],
    [
      'a pin decides where its object comes from',
      {
        input: { b: link(other) },
        pins: [{ object: own, project: elsewhere }],
        linked: seen(other, project),
      },
      { [elsewhere]: [own], [project]: [other] },
    ],
    [
      'pins come first, and an object is listed once for each place',
      {
        input: { a: link(own) },
        pins: [{ object: applet }, { object: applet, project }],
        linked: seen(own, project),
      },
      { [project]: [applet, own] },
    ],
    [
      'an object that arrived comes from the place where it was seen',
      { input: { a: link(own), b: made('file') }, linked: seen(own, elsewhere), arrived: seen(born, workspace) },
      { [elsewhere]: [own], [workspace]: [born] },
    ],
    [
      'a subjob places nothing',
      { input: { a: link(own), b: made('file') }, job: subjob, arrived: seen(born, workspace) },
      {},
    ],
  ];
  it.each(pinned)('%s', (_, of, pins) => {
    expect(plan(of)).toMatchObject({ pins });
    expect(Object.keys((plan(of) as { pins: object }).pins)).toEqual(Object.keys(pins));
  });

  const refused: [title: string, of: Case, problems: unknown[]][] = [
    ['an object that arrived and is gone or unseen is reported', { input: { a: made('file') } }, [gone(born)]],
    [
      'an object that arrived at a subjob and may not be seen is reported',
      { input: { a: made('file') }, job: subjob },
      [gone(born)],
    ],
    [
      'an object that arrived from a restricted project is reported',
      { input: { a: made('hidden') }, arrived: { bound: [secret] } },
      [confined],
    ],
    [
      'objects that are gone are reported before those of restricted projects',
      { input: { a: made('hidden'), b: made('file') }, arrived: { bound: [secret] } },
      [gone(born), confined],
    ],
    [
      'classes are not checked while an object is gone',
      { input: { files: 5, a: made('file') }, inputSpec: files },
      [gone(born)],
    ],
    ['a value of another class is reported', { input: { files: 5 }, inputSpec: files }, [/^"files" must be an array/]],
    ['a linked object that is gone is reported', { input: { files: [link(own)] }, inputSpec: files }, [gone(own)]],
    [
      'a linked object that has come into a restricted project is reported',
      { input: { a: link(own) }, linked: { bound: [own] } },
      [`${own} is in a project that is restricted or in another region: it cannot be used in ${project}`],
    ],
    [
      'a linked object of another type is reported',
      { input: { file: link(own) }, inputSpec: typed, linked: seen(own, project, ['Text']) },
      [`"file": ${own} must have the type Reads; it has Text`],
    ],
    [
      'an output that is null does not fill a required input',
      { input: { files: made('none') }, inputSpec: files },
      ['the input "files" (array:file) is missing'],
    ],
    [
      'an output that is not among the choices is reported',
      { input: { n: made('n') }, inputSpec: [{ name: 'n', class: 'int', choices: [1, 2] }] },
      ['the input "n" is 3; it must be one of 1, 2'],
    ],
    [
      'an object that arrived and has another type is reported',
      { input: { file: made('file') }, inputSpec: typed, arrived: seen(born, project) },
      [`"file": ${born} must have the type Reads; it has none`],
    ],
  ];
  it.each(refused)('%s', (_, of, problems) => {
    expect(plan(of)).toEqual(problems.map((one) => (one instanceof RegExp ? expect.stringMatching(one) : one)));
  });

  const stored: [title: string, of: Case, input: Hash | undefined][] = [
    ['an input without references is not stored', { input: { n: [[1]] } }, undefined],
    ['a resolved input is stored', { input: { n: made('n') } }, { n: 3 }],
    ['a resolved input of a subjob is stored', { input: { n: made('n') }, job: subjob }, { n: 3 }],
    [
      'an output that is null leaves an optional input out',
      { input: { n: made('none') }, inputSpec: [{ name: 'n', class: 'int', optional: true }] },
      {},
    ],
    [
      'an output that is null leaves an input to its default',
      { input: { n: made('none') }, inputSpec: [{ name: 'n', class: 'int', default: 7 }] },
      { n: 7 },
    ],
    [
      'a resolved input is stored with flat arrays',
      { input: { files: [made('files')] }, inputSpec: files, linked: seen(own, project), arrived: bothSeen() },
      { files: [link(own), link(born)] },
    ],
  ];
  it.each(stored)('%s', (_, of, input) => {
    expect(plan(of)).toMatchObject({ input });
    expect(isInputStored({ originalInput: of.input })).toBe(input !== undefined);
  });
});

function bothSeen(): Partial<HandedOver> {
  const facts = new Map([own, born].map((id) => [id, { state: 'closed' as const, types: [], links: [] }]));
  return { facts, places: new Map([own, born].map((id) => [id, project])) };
}

it('the failure of an input names every problem', () => {
  const message = "The job's input cannot be used: one; two";
  expect(inputFailure(['one', 'two'])).toEqual({ reason: 'InputError', message });
});

describe('the input that a client is shown', () => {
  it('holds the outputs that are known by now', () => {
    const unknown = { $dnanexus_link: { job: jobId('late'), field: 'n' } };
    expect(showInput({ a: made('n'), b: unknown }, referenced.outputs)).toEqual({ a: 3, b: unknown });
  });

  it('keeps its references when it would become too large', () => {
    const input = { a: made('big'), b: made('big') };
    expect(showInput(input, referenced.outputs)).toBe(input);
  });

  it.each([
    ['of the same length', { a: [1, 2] }, true],
    ['longer', { a: [1, 2, 3] }, true],
    ['shorter', { a: [1] }, false],
  ])('is the resolved one if its arrays are not shorter than the given ones: %s', (_, resolved, expected) => {
    expect(isShowable({ a: [[1], []], b: 1 }, resolved)).toBe(expected);
  });

  it('is the resolved one where only one of both is an array', () => {
    expect(isShowable({ a: ['x'] }, {})).toBe(true);
    expect(isShowable({ a: ['x'] }, { a: 'long' })).toBe(true);
    expect(isShowable({ a: 'long' }, { a: [] })).toBe(true);
  });
});
