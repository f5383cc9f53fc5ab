// The edits of workflows as pure functions: what each makes, and what it refuses.

import { describe, expect, it } from 'vitest';
import type { ApiError } from '../../core/error/api-error.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { Specification } from '../../core/iospec/parameter.ts';
import type { Hash } from '../../core/reference/value.ts';
import { outputProblems } from '../../core/workflow/check-links.ts';
import { checkOwnFields } from '../../core/workflow/check-workflow.ts';
import {
  addStage,
  afterEdit,
  checkEdit,
  type Edited,
  moveStage,
  overwrite,
  removeStage,
  update,
  updateStageExecutable,
} from '../../core/workflow/edit.ts';
import { readChange, readExecutable, readStage } from '../../core/workflow/read-stage.ts';
import { deriveStageId, isStageId } from '../../core/workflow/stage-id.ts';
import { interfaceOf, synthesize } from '../../core/workflow/synthesize.ts';
import {
  type Interface,
  type Interfaces,
  isLocked,
  maximumStageCount,
  type Stage,
  type StageExecutable,
  type WorkflowSpec,
} from '../../core/workflow/workflow.ts';

const applet = deriveId('applet', 'u', 'r', 'sum');
const reader = deriveId('applet', 'u', 'r', 'reader');
const other = deriveId('applet', 'u', 'r', 'other');
const gone = deriveId('applet', 'u', 'r', 'gone');
const inner = deriveId('workflow', 'u', 'r', 'inner');
const id = deriveId('workflow', 'u', 'r', 'w');

const sum = program(
  [
    { name: 'n', class: 'int' },
    { name: 'more', class: 'array:int', optional: true },
  ],
  [
    { name: 'total', class: 'int' },
    { name: 'list', class: 'array:int' },
  ],
);
const interfaces: Interfaces = new Map<StageExecutable, Interface>([
  [applet, sum],
  [
    reader,
    program(
      [
        { name: 'reads', class: 'file' },
        { name: 'options', class: 'hash', optional: true },
      ],
      [{ name: 'count', class: 'float' }],
    ),
  ],
  [other, program([{ name: 'x', class: 'string' }], [{ name: 'total', class: 'int' }])],
]);

describe('an added stage', () => {
  it('comes last, with what was given and the defaults of the rest', () => {
    const one = edited(add(empty, { name: 'first', folder: 'out', input: { n: 1 } }));
    const two = edited(
      add(one, { id: 'mine', input: { n: output('stage_a', 'total'), more: [output('stage_a', 'list')] } }, 'x'),
    );
    expect(two.stages).toEqual([
      { ...stage('stage_a', { n: 1 }), name: 'first', folder: 'out' },
      stage('mine', { n: output('stage_a', 'total'), more: [output('stage_a', 'list')] }),
    ]);
  });

  it.each<[string, Hash, string]>([
    ['a taken id', { id: 'a' }, 'the stage id "a" is taken by an earlier stage'],
    ['an id that is not a name', { id: '1st' }, 'stage.id must consist of letters, digits and "_"'],
    [
      'an unknown input',
      { input: { m: 1 } },
      'stage "new", input "m": the executable has no such input (it has: n, more)',
    ],
    [
      'a link to no stage',
      { input: { n: output('z', 'total') } },
      'input "n": the workflow has no stage "z" (it has: a, new)',
    ],
    [
      'a link to no output',
      { input: { n: output('a', 'z') } },
      'the stage "a" has no output "z" (it has: total, list)',
    ],
    [
      'a link to no input',
      { input: { n: { $dnanexus_link: { stage: 'a', inputField: 'z' } } } },
      'the stage "a" has no input "z"',
    ],
    [
      'a link to no workflow input',
      { input: { n: workflowInput('z') } },
      'the workflow has no input "z" (it has: none)',
    ],
    [
      'a link of another class',
      { input: { n: output('a', 'list') } },
      'the link has the class array:int, and int is needed',
    ],
    [
      'a single value for an array',
      { input: { more: output('a', 'total') } },
      'the link has the class int, and array:int',
    ],
    [
      'a link in an array for a single value',
      { input: { n: [output('a', 'total')] } },
      'inside an array or hash has the class int',
    ],
    ['a link to itself', { input: { n: output('new', 'total') } }, 'in a circle: new → new'],
    ['a malformed link', { input: { n: { $dnanexus_link: { stage: 'a' } } } }, 'input "n": a link must be'],
    ['a malformed reference', { input: { more: [{ $dnanexus_link: 'x' }] } }, 'input "more"[0]: "x" is not the id'],
    ['a folder that is not a path', { folder: '../up' }, 'stage.folder must not have ".." as a name'],
    [
      'an unknown instance type',
      { systemRequirements: { '*': { instanceType: 'foo' } } },
      'stage.systemRequirements.*.instanceType',
    ],
    [
      'an unknown policy',
      { executionPolicy: { onNonRestartableFailure: 'stop' } },
      'stage.executionPolicy.onNonRestartableFailure',
    ],
    ['a name that is not text', { name: 3 }, 'stage.name must be text'],
    ['an input that is not a hash', { input: [1] }, 'stage.input must be a hash'],
  ])('is refused for %s', (_, given, message) => {
    const before = { ...empty, stages: [stage('a', {})] };
    expect(refused(add(before, given, 'new'))).toEqual(['InvalidInput', expect.stringContaining(message)]);
  });

  it('may be linked where the class takes the value', () => {
    const first = { ...stage('a', {}), executable: reader };
    const before = { ...empty, stages: [first, stage('b', {})], inputs: [{ name: 'w', class: 'int' as const }] };
    const links = {
      n: workflowInput('w'),
      more: [[output('b', 'list')], output('b', 'total'), workflowInput('w'), 3],
    };
    expect(edited(add(before, { input: links }, 'c')).stages[2]?.input).toEqual(links);
    const inHash = { executable: reader, input: { options: { deep: [output('b', 'list')] } } };
    expect(
      edited(addStage(before, { given: inHash, executable: reader, madeId: 'd' }, interfaces)).stages,
    ).toHaveLength(3);
  });

  it('must be an executable that is seen, closed, and has both specifications', () => {
    const brought = (executable: StageExecutable, found?: Interface) => {
      const known = new Map(interfaces);
      if (found !== undefined) known.set(executable, found);
      return refused(addStage(empty, { given: {}, executable, madeId: 's' }, known));
    };
    expect(brought(gone)).toEqual([
      'ResourceNotFound',
      expect.stringContaining(`The entity ${gone} could not be found`),
    ]);
    expect(brought('app-bwa')).toEqual(['ResourceNotFound', expect.stringContaining('"app-bwa" could not be found')]);
    expect(brought(inner, { ...sum, closed: false })).toEqual([
      'InvalidState',
      expect.stringContaining('is open: close it'),
    ]);
    const half = { ...sum, outputSpec: undefined };
    expect(brought(gone, half)).toEqual([
      'InvalidInput',
      expect.stringContaining('has no outputSpec: a stage needs both'),
    ]);
  });

  it('is refused beyond the limits of stages, levels and fields', () => {
    const many = Array.from({ length: maximumStageCount }, (_, index) => stage(`s${index}`, {}));
    expect(refused(add({ ...empty, stages: many }, {}))).toEqual([
      'InvalidInput',
      expect.stringContaining('1001 stages; at most 1000'),
    ]);
    const add2 = (found: Partial<Interface>) =>
      refused(addStage(empty, { given: {}, executable: inner, madeId: 's' }, new Map([[inner, { ...sum, ...found }]])));
    expect(add2({ stageCount: 1_001 })).toEqual(['InvalidInput', expect.stringContaining('1001 stages; at most 1000')]);
    expect(add2({ depth: 8 })).toEqual(['InvalidInput', expect.stringContaining('9 levels of workflows; at most 8')]);
    const wide = Array.from({ length: 10_001 }, (_, index) => ({ name: `f${index}`, class: 'int' as const }));
    expect(add2({ outputSpec: wide })).toEqual([
      'InvalidInput',
      expect.stringContaining('10001 outputs together; at most 10000'),
    ]);
  });
});

describe('a number of an edit', () => {
  const spec = afterEdit({ ...empty, editVersion: 3 }, 'last');
  const check = (asked: number, digest: string, state = 'open') => checkEdit(spec, { asked, digest, id, state });

  it('must be that of the workflow, unless the last edit comes again', () => {
    expect(spec.editVersion).toBe(4);
    expect(check(4, 'new')).toEqual({ when: 'now' });
    expect(check(3, 'last')).toEqual({ when: 'before' });
    expect(check(3, 'last', 'closed')).toEqual({ when: 'before' });
    expect(refused(check(3, 'new'))).toEqual(['InvalidState', expect.stringContaining('has the editVersion 4, not 3')]);
    expect(refused(check(5, 'last'))).toEqual([
      'InvalidState',
      expect.stringContaining('has the editVersion 4, not 5'),
    ]);
    expect(refused(check(4, 'new', 'closed'))).toEqual([
      'InvalidState',
      expect.stringContaining('is closed: only an open'),
    ]);
  });
});

describe('a removed stage', () => {
  const stages = [
    stage('a', {}),
    stage('b', { n: output('a', 'total'), more: [1] }),
    stage('c', { n: output('b', 'total') }),
  ];

  it('takes the values along that link to it, and its place in ignoreReuse', () => {
    const after = edited(removeStage({ ...empty, stages, ignoreReuse: ['a', 'b'] }, 'a'));
    expect(after.stages).toEqual([stage('b', { more: [1] }), stage('c', { n: output('b', 'total') })]);
    expect(after.ignoreReuse).toEqual(['b']);
  });

  it('stays while an output of the workflow comes from it', () => {
    const outputs = [{ name: 'o', class: 'int' as const, outputSource: output('a', 'total') }];
    expect(refused(removeStage({ ...empty, stages, outputs }, 'a'))).toEqual([
      'InvalidState',
      expect.stringContaining('"a" is the source of the output "o"'),
    ]);
    expect(refused(removeStage(empty, 'a'))).toEqual(['InvalidInput', 'the workflow has no stage "a" (it has: none)']);
  });
});

describe('a moved stage', () => {
  const before = { ...empty, stages: ['a', 'b', 'c'].map((name) => stage(name, {})) };

  it.each([
    ['a', 2, 'bca'],
    ['c', 0, 'cab'],
    ['b', 1, 'abc'],
  ])('%s at %i: %s', (name, index, order) => {
    const { stages } = edited(moveStage(before, name, index));
    expect(stages.map((one) => one.id).join('')).toBe(order);
  });

  it('is refused outside the list', () => {
    expect(refused(moveStage(before, 'a', 3))).toEqual(['InvalidInput', 'newIndex is 3; the places are 0 to 2']);
    expect(refused(moveStage(before, 'z', 0))).toEqual(['InvalidInput', expect.stringContaining('no stage "z"')]);
  });
});

describe('an update', () => {
  const before = { ...empty, stages: [{ ...stage('a', { n: 1, more: [2] }), name: 'old' }, stage('b', {})] };
  const change = (own: Parameters<typeof update>[1]['own'], stages: Record<string, Hash> = {}) => {
    const changes = Object.entries(stages).map(([name, value]) => {
      const read = readChange(value, name);
      if ('problems' in read) throw new Error(read.problems.join());
      return [name, read.change] as const;
    });
    return update(before, { own, stages: new Map(changes) }, interfaces);
  };

  it('sets what it names, together, and null removes a binding', () => {
    const inputs = [{ name: 'w', class: 'int' as const }];
    const after = edited(
      change({ title: 'T', inputs }, { a: { name: null, folder: '/f', input: { n: workflowInput('w'), more: null } } }),
    );
    expect(after).toMatchObject({ title: 'T', inputs, summary: '' });
    expect(after.stages[0]).toEqual({ ...stage('a', { n: workflowInput('w') }), folder: '/f' });
    expect(after.stages[1]).toEqual(stage('b', {}));
  });

  it.each<[string, Parameters<typeof change>, string]>([
    ['an unknown stage', [{}, { z: {} }], 'the workflow has no stage "z" (it has: a, b)'],
    ['an unknown stage in ignoreReuse', [{ ignoreReuse: ['z'] }], 'ignoreReuse: the workflow has no stage "z"'],
    [
      'a circle',
      [{}, { a: { input: { n: output('b', 'total') } }, b: { input: { n: output('a', 'total') } } }],
      'circle: a → b → a',
    ],
    [
      'an output from no stage',
      [{ outputs: [{ name: 'o', class: 'int', outputSource: output('z', 'x') }] }],
      'output "o" of the workflow: the workflow has no stage "z"',
    ],
    [
      'a link to an input that is not there',
      [{}, { a: { input: { n: workflowInput('w') } } }],
      'the workflow has no input "w"',
    ],
  ])('is refused for %s', (_, given, message) => {
    expect(refused(change(...given))).toEqual(['InvalidInput', expect.stringContaining(message)]);
  });

  it('is not refused for what an unseen executable may have', () => {
    const stages = [{ ...stage('a', { secret: 1 }), executable: gone }, stage('b', { n: output('a', 'any') })];
    expect(edited(update({ ...empty, stages }, { own: { title: 'T' }, stages: new Map() }, interfaces)).title).toBe(
      'T',
    );
  });
});

describe('another executable', () => {
  const before = {
    ...empty,
    stages: [stage('a', { n: 1 }), stage('b', { n: output('a', 'total'), more: output('a', 'list') })],
  };
  const replace = (executable: StageExecutable, force: boolean, spec: WorkflowSpec = before) =>
    updateStageExecutable(spec, { stage: 'a', executable, force }, interfaces);

  it('that does not fit is refused, and the details say why', () => {
    const result = replace(other, false);
    if (!('refused' in result)) throw new Error('it was taken');
    const incompatibilities = [
      'the input "n" is missing',
      'the input "more" is missing',
      'the input "x" is required, and the present executable does not have it',
      'the output "list" is missing',
    ];
    expect(result.refused).toMatchObject({ type: 'InvalidState', details: { incompatibilities } });
    expect(result.refused.message).toContain('is not compatible with the stage "a"');
  });

  it('is taken by force, without the values that do not fit any more', () => {
    const { stages } = edited(replace(other, true));
    expect(stages).toEqual([{ ...stage('a', {}), executable: other }, stage('b', { n: output('a', 'total') })]);
  });

  it('that fits keeps everything', () => {
    const wider = new Map(interfaces);
    const more: Specification = [
      { name: 'n', class: 'float' },
      { name: 'more', class: 'array:float' },
      { name: 'z', class: 'int', optional: true },
    ];
    wider.set(other, program(more, sum.outputSpec ?? []));
    const after = edited(updateStageExecutable(before, { stage: 'a', executable: other, force: false }, wider));
    expect(after.stages).toEqual([{ ...before.stages[0], executable: other }, before.stages[1]]);
  });

  it('cannot be compared with one that is gone', () => {
    const spec = { ...empty, stages: [{ ...stage('a', {}), executable: gone }] };
    expect(refused(replace(applet, false, spec))).toEqual([
      'InvalidState',
      expect.stringContaining('cannot be compared'),
    ]);
    expect(edited(replace(applet, true, spec)).stages).toEqual([stage('a', {})]);
    expect(refused(replace(gone, true))).toEqual(['ResourceNotFound', expect.stringContaining(gone)]);
  });
});

describe('the specifications of a workflow', () => {
  const bound = { ...stage('b', { n: output('a', 'total') }), name: 'second' };
  const spec = { ...empty, stages: [stage('a', { n: 1 }), bound] };

  it('name every field by its stage, and show bound values as defaults', () => {
    expect(synthesize(spec, interfaces)).toEqual({
      inputSpec: [
        { name: 'a.n', class: 'int', group: 'a', default: 1 },
        { name: 'a.more', class: 'array:int', optional: true, group: 'a' },
        { name: 'b.n', class: 'int', group: 'second', default: output('a', 'total') },
        { name: 'b.more', class: 'array:int', optional: true, group: 'second' },
      ],
      outputSpec: ['a', 'b'].flatMap((name) => {
        const group = name === 'a' ? 'a' : 'second';
        return [
          { name: `${name}.total`, class: 'int', group },
          { name: `${name}.list`, class: 'array:int', group },
        ];
      }),
    });
    expect(synthesize({ ...spec, stages: [{ ...bound, executable: gone }] }, interfaces)).toBeUndefined();
  });

  it('a default that is metadata of another input names that input of the stage', () => {
    const link = (input: string) => ({ $dnanexus_link: { input, metadata: 'name' } });
    const named = new Map([
      [
        applet,
        program(
          [
            { name: 'f', class: 'file' },
            { name: 'l', class: 'string', default: link('f') },
          ],
          [],
        ),
      ],
    ]);
    const [, label] = synthesize({ ...empty, stages: [stage('a', {})] }, named)?.inputSpec ?? [];
    expect(label).toEqual({ name: 'a.l', class: 'string', group: 'a', default: link('a.f') });
  });

  it('of its own hide those of its stages from a workflow around it', () => {
    const outputs = [{ name: 'o', class: 'int' as const, outputSource: output('a', 'total') }];
    const own = { ...spec, inputs: [{ name: 'w', class: 'int' as const }], outputs };
    const around = interfaceOf(own, true, interfaces);
    expect(around).toEqual({
      inputSpec: own.inputs,
      outputSpec: [{ name: 'o', class: 'int' }],
      closed: true,
      stageCount: 3,
      depth: 1,
    });
    const nested = interfaceOf(
      { ...empty, stages: [{ ...stage('x', {}), executable: inner }] },
      true,
      new Map([[inner, around ?? sum]]),
    );
    expect(nested).toMatchObject({ stageCount: 4, depth: 2, inputSpec: [{ name: 'x.w', group: 'x' }] });
  });

  it('lock a closed workflow', () => {
    const inputs = [{ name: 'w', class: 'int' as const }];
    expect([
      isLocked({ ...spec, inputs }, 'closed'),
      isLocked({ ...spec, inputs }, 'open'),
      isLocked(spec, 'closed'),
    ]).toEqual([true, false, false]);
  });
});

describe('outputs of a workflow', () => {
  it.each<[Hash, string[]]>([
    [output('a', 'total'), []],
    [{ $dnanexus_link: { stage: 'a', inputField: 'n' } }, []],
    [output('a', 'z'), ['output "o" of the workflow: the stage "a" has no output "z" (it has: total, list)']],
    [output('a', 'list'), ['output "o" of the workflow: the link has the class array:int, and int is needed']],
    [output('z', 'x'), ['output "o" of the workflow: the workflow has no stage "z" (it has: a)']],
  ])('from %j', (outputSource, problems) => {
    const outputs = [{ name: 'o', class: 'int' as const, outputSource }];
    expect(outputProblems({ ...empty, stages: [stage('a', {})], outputs }, interfaces)).toEqual(problems);
  });

  it.each<[unknown, 'inputs' | 'outputs', string]>([
    [{}, 'inputs', '"inputs" must be an array of hashes'],
    [[{ name: '1', class: 'int' }], 'inputs', 'inputs[0].name must match'],
    [[{ name: 'a', class: 'x' }], 'outputs', 'outputs[0].class must be one of'],
    [[{ name: 'a', class: 'int' }], 'outputs', 'outputs[0].outputSource must be a link to a stage'],
    [
      [{ name: 'a', class: 'int', outputSource: workflowInput('w') }],
      'outputs',
      'outputs[0].outputSource must be a link to a stage',
    ],
    [
      [{ name: 'a', class: 'int', outputSource: [output('a', 'x')] }],
      'outputs',
      'outputs[0].outputSource must be a link to a stage',
    ],
    [
      [{ name: 'a', class: 'int', outputSource: { $dnanexus_link: { stage: 'a' } } }],
      'outputs',
      'outputs[0].outputSource: a link must be',
    ],
  ])('%j as %s is a problem', (value, name, problem) => {
    expect(checkOwnFields(value, name)).toEqual([expect.stringContaining(problem)]);
  });
});

it('a workflow takes everything but the name and number of another', () => {
  const from = { ...empty, title: 'T', stages: [stage('a', {})], ignoreReuse: ['*'], temporary: true, editVersion: 7 };
  expect(overwrite({ ...empty, editVersion: 2, summary: 'S' }, from)).toEqual({
    ...from,
    editVersion: 2,
    temporary: false,
  });
});

it('an id that is made is the same for the same edit, and may be given', () => {
  const made = deriveStageId(id, 1, 0);
  expect(made).toMatch(/^stage-[0-9A-Za-z]{24}$/);
  expect(new Set([made, deriveStageId(id, 1, 0), deriveStageId(id, 1, 1), deriveStageId(id, 2, 0)]).size).toBe(3);
  expect([made, 'a', '_1', 'stage_0'].every(isStageId)).toBe(true);
  expect(['', '1', 'a-b', 'stage-1', 'ä', 3, `a${'b'.repeat(255)}`].some(isStageId)).toBe(false);
  const read = readStage({ input: { n: null, m: 1 }, unknown: 1 }, applet, made, 'stages[0]');
  expect(read).toEqual({ stage: stage(made, { m: 1 }) });
});

it.each([
  [applet, undefined],
  [inner, undefined],
  ['app-bwa_mem/2.0.4', undefined],
  [deriveId('record', 'u', 'r', 'x'), 'InvalidType'],
  ['bwa', 'InvalidInput'],
  [undefined, 'InvalidInput'],
])('%s as the executable of a stage', (value, type) => {
  const read = readExecutable(value, 'executable');
  expect('refused' in read ? read.refused.type : undefined).toBe(type);
});

const empty: WorkflowSpec = {
  ...{ editVersion: 0, title: null, summary: '', description: '', outputFolder: null, stages: [], inputs: null },
  ...{ outputs: null, ignoreReuse: [], temporary: false, treeTurnaroundTimeThreshold: null },
};

function add(spec: WorkflowSpec, given: Hash, madeId = 'stage_a'): Edited {
  return addStage(spec, { given, executable: applet, madeId }, interfaces);
}

function stage(name: string, input: Hash): Stage {
  return { id: name, executable: applet, name: null, folder: null, input, executionPolicy: {}, systemRequirements: {} };
}

function output(name: string, field: string): Hash {
  return { $dnanexus_link: { stage: name, outputField: field } };
}

function workflowInput(field: string): Hash {
  return { $dnanexus_link: { workflowInputField: field } };
}

function program(inputSpec: Specification, outputSpec: Specification): Interface {
  return { inputSpec, outputSpec, closed: true, stageCount: 1, depth: 0 };
}

function edited(result: Edited): WorkflowSpec {
  if ('refused' in result) throw result.refused;
  return result.spec;
}

function refused(result: object | { readonly refused: ApiError }): [string, string] {
  if (!('refused' in result)) throw new Error(`it was taken: ${JSON.stringify(result).slice(0, 300)}`);
  const { type, message } = (result as { readonly refused: ApiError }).refused;
  return [type, message];
}
