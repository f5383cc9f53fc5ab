// Tests the plan of a job's output. Each row holds an output, the facts about its objects, and last the decision.

import { describe, expect, it } from 'vitest';
import { given } from '../../core/given.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { ObjectId, PlaceId } from '../../core/id/identifier.ts';
import type { Specification } from '../../core/iospec/parameter.ts';
import type { HandedOver } from '../../core/job/handed-over.ts';
import {
  circularReference,
  outputFailure,
  outputPlaces,
  placedObjects,
  planOutput,
  resolveOutput,
} from '../../core/job/plan-output.ts';
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
  readonly bound?: readonly ObjectId[];
  readonly alsoOpen?: readonly ObjectId[];
};

function plan({ output: before, job = origin, outputSpec, found = [], bound = [], alsoOpen }: Case) {
  const spec = job === subjob ? undefined : { folder, ...given({ outputSpec }) };
  const resolved = resolveOutput(spec, before, { outputs: new Map(), metadata: new Map() });
  if ('problems' in resolved) throw new Error(resolved.problems.join());
  const handedOver: HandedOver = {
    facts: new Map(found.map(([id, , state = 'closed']) => [id, { state, types: [], links: [] }])),
    places: new Map(found.map(([id, place]) => [id, place])),
    bound,
    ...given({ open: alsoOpen }),
  };
  const decided = planOutput({ row: job, spec, before, resolved, handedOver });
  return 'problems' in decided ? decided.problems : decided;
}

const unseen = `${lost} could not be found, or the job may not see it`;
const open = `${made} is still open, and every job that could close it has ended`;
const confined = `${secret} is in a project that is restricted or in another region: it cannot leave it`;
const undeclared = 'the output has a field "a" that the executable does not declare (it declares: files)';

describe('the plan of an output', () => {
  const inProject = { container: project, folder };
  const above = { container: own, folder };
  const cloned: [title: string, of: Case, clones: object[]][] = [
    ['an output without objects clones nothing', { output: { n: 1 } }, []],
    [
      'the objects of an origin job are cloned under the output folder of its project, with their own folders',
      { output: { a: link(made) }, found: [[made, own]] },
      [{ objects: [made], from: own, to: inProject, keepFolders: true }],
    ],
    [
      'an object from another place is cloned directly into the output folder',
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
      'the objects of a nested master job are cloned to the workspace above',
      { output: { a: link(made) }, job: inner, found: [[made, jobWorkspace(inner)]] },
      [{ objects: [made], from: jobWorkspace(inner), to: above, keepFolders: true }],
    ],
    [
      'objects that are already in the workspace above are cloned there as well',
      { output: { a: link(made) }, job: inner, found: [[made, own]] },
      [{ objects: [made], from: own, to: above, keepFolders: false }],
    ],
    ['a subjob clones nothing', { output: { a: link(made) }, job: subjob, found: [[made, own]] }, []],
  ];
  it.each(cloned)('%s', (_, of, clones) => {
    expect(plan(of)).toMatchObject({ clones });
  });

  const refused: [title: string, of: Case, problems: string[]][] = [
    [
      'a missing field is reported',
      { output: {}, outputSpec: files },
      ['the output field "files" (array:file) is missing'],
    ],
    ['an open object is reported', { output: { a: link(made) }, found: [[made, own, 'open']] }, [open]],
    ['an open companion is reported', { output: { n: 1 }, alsoOpen: [made] }, [open]],
    [
      'an open object is reported once',
      { output: { a: link(made) }, found: [[made, own, 'open']], alsoOpen: [made] },
      [open],
    ],
    ['an unseen object is reported', { output: { a: link(lost) } }, [unseen]],
    ['an object of a restricted project is reported', { output: { a: link(secret) }, bound: [secret] }, [confined]],
    ['an unseen object of a subjob is reported', { output: { a: link(lost) }, job: subjob }, [unseen]],
    [
      'an unseen object is reported once, with its field',
      { output: { files: [link(lost)] }, outputSpec: files },
      [`"files": ${lost} could not be found`],
    ],
    [
      'undeclared fields, wrong values, and open, unseen and restricted objects are reported in this order',
      {
        output: { a: [link(secret), link(lost), link(made)], files: 5 },
        outputSpec: files,
        found: [[made, own, 'open']],
        bound: [secret],
      },
      [undeclared, '"files" must be an array (array:file), not number 5', open, unseen, confined],
    ],
  ];
  it.each(refused)('%s', (_, of, problems) => {
    expect(plan(of)).toEqual(problems);
  });

  const accepted: [title: string, of: Case, awaited: ObjectId[]][] = [
    [
      'a job waits for an object that is closing',
      { output: { a: link(made) }, found: [[made, own, 'closing']] },
      [made],
    ],
    [
      'a subjob does not wait for an open object',
      { output: { a: link(made) }, job: subjob, found: [[made, own, 'open']] },
      [],
    ],
    [
      'a subjob may return an object of a restricted project',
      { output: { a: link(secret) }, job: subjob, bound: [secret] },
      [],
    ],
  ];
  it.each(accepted)('%s', (_, of, awaited) => {
    expect(plan(of)).toMatchObject({ awaited });
  });

  const long = { $dnanexus_link: { project, id: made } };
  const stored: [title: string, of: Case, output: Hash | undefined][] = [
    ['an output that needs no change is not stored again', { output: { n: [[1]] } }, undefined],
    ['links are stored in the short form', { output: { a: long }, found: [[made, own]] }, { a: link(made) }],
    [
      'links of a subjob are stored in the short form as well',
      { output: { a: long }, job: subjob, found: [[made, own]] },
      { a: link(made) },
    ],
    [
      'arrays are stored flat',
      { output: { files: [[link(made)]] }, outputSpec: files, found: [[made, own]] },
      { files: [link(made)] },
    ],
  ];
  it.each(stored)('%s', (_, of, output) => {
    expect(plan(of)).toMatchObject({ output });
  });
});

it.each<[title: string, body: unknown, objects: ObjectId[]]>([
  ['no body', undefined, []],
  ['a body without an output', {}, []],
  ['an output without links', { output: { a: 1 } }, []],
  ['links in an output', { output: { a: [link(made), { b: link(taken) }] } }, [made, taken]],
  ['the names that a message left', { objects: [made, 'x', 5, taken], output: { a: link(lost) } }, [made, taken]],
  ['names that are not in an array', { objects: made, output: { a: link(taken) } }, [taken]],
])('the objects that a try may have placed are read from %s', (_title, body, objects) => {
  expect(placedObjects(body)).toEqual(objects);
});

it('the failure of an output names every problem', () => {
  const message = "The job's output cannot be used: one; two";
  expect(outputFailure(['one', 'two'])).toEqual({ reason: 'OutputError', message });
});

it('a reference in a circle names the job that waits', () => {
  const [job, other] = [jobId('main'), jobId('other')];
  expect(circularReference(job, job)).toMatch(`refers to itself: the output of ${job} `);
  expect(circularReference(job, other)).toMatch(`refers to ${other}, which waits for this job`);
});

describe('a resolved output', () => {
  const other = jobId('other');
  const before = { a: { $dnanexus_link: { job: other, field: 'f' } }, b: link(taken) };

  it('holds the values that it refers to, and lists every object in it', () => {
    const referenced = { outputs: new Map([[other, { f: [link(made), link(taken)] }]]), metadata: new Map() };
    expect(resolveOutput(undefined, before, referenced)).toEqual({
      output: { a: [link(made), link(taken)], b: link(taken) },
      objects: [made, taken],
    });
  });

  it('is a problem when it refers to a field that does not exist', () => {
    const referenced = { outputs: new Map([[other, { g: 1 }]]), metadata: new Map() };
    const problems = [`${other} has no output field "f" (its output: g)`];
    expect(resolveOutput(undefined, before, referenced)).toEqual({ problems });
  });
});

describe('the places where the objects of an output may be', () => {
  it.each([
    ['for an origin job: its project and its workspace', origin, [project, own]],
    [
      'for a nested master job: the project and the workspaces above and of its own',
      inner,
      [project, own, jobWorkspace(inner)],
    ],
    ['for a subjob: the project and the workspace of its master', subjob, [project, jobWorkspace(inner)]],
  ])('%s', (_, job, places) => {
    expect(outputPlaces(job)).toEqual(places);
  });
});
