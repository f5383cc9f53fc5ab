// What becomes of a job's output: each line one output with what was found of its objects, the decision last.

import { describe, expect, it } from 'vitest';
import { given } from '../../core/given.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { ObjectId, PlaceId } from '../../core/id/identifier.ts';
import type { Specification } from '../../core/iospec/parameter.ts';
import type { HandedOver } from '../../core/job/handed-over.ts';
import { outputPlaces, planOutput, resolveOutput } from '../../core/job/plan-output.ts';
import { jobWorkspace } from '../../core/job/row.ts';
import type { ObjectState } from '../../core/object/state.ts';
import type { Hash } from '../../core/reference/value.ts';
import { jobId, planJob } from '../memory/plan.ts';

const made = deriveId('file', 'u', 'f', 'made');
const taken = deriveId('file', 'u', 'f', 'taken');
const lost = deriveId('file', 'u', 'f', 'lost');
const secret = deriveId('file', 'u', 'f', 'secret');
const { row: origin } = planJob('main');
const { row: inner } = planJob('inner', { parent: origin, master: true });
const { row: subjob } = planJob('sub', { parent: inner });
const { project } = origin;
const elsewhere: PlaceId = deriveId('project', 'u', 'p', 'elsewhere');
const folder = '/results';
const link = (object: ObjectId) => ({ $dnanexus_link: object });

const own = jobWorkspace(origin);
const files: Specification = [{ name: 'files', class: 'array:file' }];

type Case = {
  readonly output: Hash;
  readonly job?: typeof origin;
  readonly outputSpec?: Specification;
  readonly found?: readonly (readonly [ObjectId, PlaceId, ObjectState?])[];
  readonly restricted?: readonly ObjectId[];
};

function plan({ output: before, job = origin, outputSpec, found = [], restricted = [] }: Case) {
  const spec = job === subjob ? undefined : { folder, ...given({ outputSpec }) };
  const resolved = resolveOutput(spec, before, { outputs: new Map(), metadata: new Map() });
  if ('problems' in resolved) throw new Error(resolved.problems.join());
  const handedOver: HandedOver = {
    facts: new Map(found.map(([id, , state = 'closed']) => [id, { state, types: [] }])),
    places: new Map(found.map(([id, place]) => [id, place])),
    restricted,
  };
  const decided = planOutput({ row: job, spec, before, resolved, handedOver });
  return 'problems' in decided ? decided.problems : decided;
}

const unseen = `${lost} could not be found, or the job may not see it`;
const open = `${made} is still open, and every job that could close it has ended`;
const confined = `${secret} is in a restricted project: it cannot leave it`;
const undeclared = 'the output has a field "a" that the executable does not declare (it declares: files)';

describe('the plan of an output', () => {
  const inProject = { container: project, folder };
  const above = { container: own, folder };
  const cloned: [title: string, of: Case, clones: object[]][] = [
    ['nothing is cloned for no objects', { output: { n: 1 } }, []],
    [
      'an origin job hands its objects to the folder of its project, and they keep theirs below it',
      { output: { a: link(made) }, found: [[made, own]] },
      [{ objects: [made], from: own, to: inProject, keepFolders: true }],
    ],
    [
      'an object that was seen elsewhere goes into that very folder',
      {
        output: { a: [link(made), link(taken)] },
        found: [
          [made, own],
          [taken, elsewhere],
        ],
      },
      [
        { objects: [made], from: own, to: inProject, keepFolders: true },
        { objects: [taken], from: elsewhere, to: inProject, keepFolders: false },
      ],
    ],
    [
      'a master job below hands its objects to the workspace above',
      { output: { a: link(made) }, job: inner, found: [[made, jobWorkspace(inner)]] },
      [{ objects: [made], from: jobWorkspace(inner), to: above, keepFolders: true }],
    ],
    [
      'also those that are there',
      { output: { a: link(made) }, job: inner, found: [[made, own]] },
      [{ objects: [made], from: own, to: above, keepFolders: false }],
    ],
    ['nothing of a subjob is cloned', { output: { a: link(made) }, job: subjob, found: [[made, own]] }, []],
  ];
  it.each(cloned)('%s', (_, of, clones) => {
    expect(plan(of)).toMatchObject({ clones });
  });

  const refused: [title: string, of: Case, problems: string[]][] = [
    ['a field is missing', { output: {}, outputSpec: files }, ['the output field "files" (array:file) is missing']],
    ['an object is open', { output: { a: link(made) }, found: [[made, own, 'open']] }, [open]],
    ['an object is unseen', { output: { a: link(lost) } }, [unseen]],
    ['an object is confined', { output: { a: link(secret) }, restricted: [secret] }, [confined]],
    ['an object of a subjob is unseen', { output: { a: link(lost) }, job: subjob }, [unseen]],
    [
      'an unseen object is reported once, with its field',
      { output: { files: [link(lost)] }, outputSpec: files },
      [`"files": ${lost} could not be found`],
    ],
    [
      'fields, values, open, unseen and confined objects are reported in this order',
      {
        output: { a: [link(secret), link(lost), link(made)], files: 5 },
        outputSpec: files,
        found: [[made, own, 'open']],
        restricted: [secret],
      },
      [undeclared, '"files" must be an array (array:file), not number 5', open, unseen, confined],
    ],
  ];
  it.each(refused)('%s', (_, of, problems) => {
    expect(plan(of)).toEqual(problems);
  });

  const accepted: [title: string, of: Case, awaited: ObjectId[]][] = [
    ['a closing object is waited for', { output: { a: link(made) }, found: [[made, own, 'closing']] }, [made]],
    ['a subjob waits for none', { output: { a: link(made) }, job: subjob, found: [[made, own, 'open']] }, []],
    ['nor is it asked for a confined one', { output: { a: link(secret) }, job: subjob, restricted: [secret] }, []],
  ];
  it.each(accepted)('%s', (_, of, awaited) => {
    expect(plan(of)).toMatchObject({ awaited });
  });

  const long = { $dnanexus_link: { project, id: made } };
  const stored: [title: string, of: Case, output: Hash | undefined][] = [
    ['an output that is as it should be is not stored again', { output: { n: [[1]] } }, undefined],
    ['links become short', { output: { a: long }, found: [[made, own]] }, { a: link(made) }],
    ['those of a subjob, too', { output: { a: long }, job: subjob, found: [[made, own]] }, { a: link(made) }],
    [
      'arrays become flat',
      { output: { files: [[link(made)]] }, outputSpec: files, found: [[made, own]] },
      { files: [link(made)] },
    ],
  ];
  it.each(stored)('%s', (_, of, output) => {
    expect(plan(of)).toMatchObject({ output });
  });
});

describe('a resolved output', () => {
  const other = jobId('other');
  const before = { a: { $dnanexus_link: { job: other, field: 'f' } }, b: link(taken) };

  it('holds what it refers to, and names every object in it', () => {
    const referenced = { outputs: new Map([[other, { f: [link(made), link(taken)] }]]), metadata: new Map() };
    expect(resolveOutput(undefined, before, referenced)).toEqual({
      output: { a: [link(made), link(taken)], b: link(taken) },
      objects: [made, taken],
    });
  });

  it('is a problem when it refers to a field that is not there', () => {
    const referenced = { outputs: new Map([[other, { g: 1 }]]), metadata: new Map() };
    const problems = [`${other} has no output field "f" (its output: g)`];
    expect(resolveOutput(undefined, before, referenced)).toEqual({ problems });
  });
});

describe('the places where outputs are', () => {
  it.each([
    ['an origin job', origin, [project, own]],
    ['a master job below', inner, [project, own, jobWorkspace(inner)]],
    ['a subjob', subjob, [project, jobWorkspace(inner)]],
  ])('%s', (_, job, places) => {
    expect(outputPlaces(job)).toEqual(places);
  });
});
