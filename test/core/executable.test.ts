// Tests the bodies of applets, policies and system requirements: which are accepted, and which value applies in the
// end.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bundledObjects, checkApplet } from '../../core/executable/check-applet.ts';
import {
  checkExecutionPolicy,
  checkTimeoutPolicy,
  effectiveExecutionPolicy,
  effectiveTimeoutPolicy,
  type TimeoutPolicy,
  timeoutMs,
} from '../../core/executable/policy.ts';
import {
  checkByExecutable,
  checkSystemRequirements,
  entryPointRequirements,
  mergeByExecutable,
  overrideRequirements,
  requirementsOf,
} from '../../core/executable/requirements.ts';
import { deriveId } from '../../core/id/derive.ts';

const file = deriveId('file', 'u', 'r', '1');
const project = deriveId('project', 'u', 'r', '1');
const runSpec = { interpreter: 'bash', code: '' };

function specOf(body: Parameters<typeof checkApplet>[0]) {
  const checked = checkApplet(body, 'aws:us-east-1');
  if ('problems' in checked) throw new Error(checked.problems.join('; '));
  return checked.spec;
}

describe('an applet', () => {
  it('needs only an interpreter and code, and gets defaults for the rest', () => {
    expect(specOf({ runSpec })).toEqual({
      runSpec,
      dxapi: '1.0.0',
      access: {},
      title: '',
      summary: '',
      description: '',
      developerNotes: '',
      ignoreReuse: false,
    });
  });

  it('ignores the other keys of dxapp.json, at the top and in runSpec', () => {
    const body = {
      runSpec: { ...runSpec, file: 'x.sh', release: '24.04' },
      version: '1',
      regionalOptions: {},
      whatsNew: 1,
    };
    expect(specOf(body).runSpec).toEqual({ ...runSpec, release: '24.04' });
    expect(specOf(body)).not.toHaveProperty('version');
  });

  it('accepts bundled files as ids or as links of both forms, and stores the short form', () => {
    const ids = [file, { $dnanexus_link: file }, { $dnanexus_link: { project, id: file } }];
    const spec = specOf({
      runSpec: { ...runSpec, bundledDepends: ids.map((id) => ({ name: 'a.tar.gz', id, stages: ['main'] })) },
    });
    for (const entry of spec.runSpec.bundledDepends ?? []) {
      expect(entry).toEqual({ name: 'a.tar.gz', id: { $dnanexus_link: file }, stages: ['main'] });
    }
    expect(bundledObjects(spec.runSpec)).toEqual([file]);
  });

  it('reports a fault of regionalOptions together with the other faults', () => {
    const checked = checkApplet(
      { runSpec: { ...runSpec, code: 1 }, inputSpec: null, regionalOptions: 7 },
      'aws:us-east-1',
    );
    expect(checked).toEqual({
      problems: [
        expect.stringContaining('regionalOptions'),
        expect.stringContaining('inputSpec'),
        expect.stringContaining('runSpec.code'),
      ],
    });
  });

  it.each([
    ['no runSpec', {}, '"runSpec" must be'],
    ['the interpreter perl', { runSpec: { ...runSpec, interpreter: 'perl' } }, 'bash or python3, not "perl"'],
    ['no code', { runSpec: { interpreter: 'bash' } }, 'runSpec.code'],
    ['an inputSpec of null', { runSpec, inputSpec: null }, '"inputSpec" must be an array'],
    [
      'an unknown instance type',
      { runSpec: { ...runSpec, systemRequirements: { main: { instanceType: 'foo' } } } },
      'no instance type "foo"',
    ],
    [
      'an instanceTypeSelector beside an instanceType',
      {
        runSpec: {
          ...runSpec,
          systemRequirements: {
            '*': { instanceType: 'mem1_ssd1_x2', instanceTypeSelector: { allowedInstanceTypes: ['mem1_ssd1_x2'] } },
          },
        },
      },
      'cannot be combined with instanceType',
    ],
    ['an unknown access level', { runSpec, access: { project: 'ALL' } }, 'access.project'],
    ['a network that is not an array', { runSpec, access: { network: '*' } }, 'access.network'],
    [
      'a bundled file without an id',
      { runSpec: { ...runSpec, bundledDepends: [{ name: 'x' }] } },
      'bundledDepends[0].id',
    ],
    [
      'an unknown package manager',
      { runSpec: { ...runSpec, execDepends: [{ name: 'x', package_manager: 'brew' }] } },
      'execDepends[0].package_manager',
    ],
    [
      'an unknown restart reason',
      { runSpec: { ...runSpec, executionPolicy: { restartOn: { AppError: 1 } } } },
      '"AppError" is not a reason',
    ],
    ['a time limit of zero', { runSpec: { ...runSpec, timeoutPolicy: { '*': { hours: 0 } } } }, 'greater than zero'],
    ['a release that is not a string', { runSpec: { ...runSpec, release: 24.04 } }, 'runSpec.release must be a string'],
    ['a title that is not a string', { runSpec, title: 5 }, '"title" must be a string'],
  ])('is refused: %s', (_, body, expected) => {
    const checked = checkApplet(body, 'aws:us-east-1');
    expect('problems' in checked && checked.problems.join()).toContain(expected);
  });

  it('can have any body: faults are returned, never thrown', () => {
    const fields = ['runSpec', 'inputSpec', 'access', 'title', 'httpsApp', 'ignoreReuse'];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...fields), fc.jsonValue()), (body) => {
        expect(Object.keys(checkApplet(body, 'aws:us-east-1'))).toHaveLength(1);
      }),
    );
    const inRun = [
      'code',
      'interpreter',
      'systemRequirements',
      'execDepends',
      'bundledDepends',
      'executionPolicy',
      'timeoutPolicy',
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...inRun), fc.jsonValue()), (given) => {
        expect(Object.keys(checkApplet({ runSpec: given }, 'aws:us-east-1'))).toHaveLength(1);
      }),
    );
  });
});

describe('policies', () => {
  it('restart by default; the executable overrides single keys, and the run overrides both', () => {
    const defaults = { restartOn: { UnresponsiveWorker: 2, JMInternalError: 1, ExecutionError: 1 } };
    expect(effectiveExecutionPolicy()).toEqual(defaults);
    expect(effectiveExecutionPolicy({ maxRestarts: 3 })).toEqual({ ...defaults, maxRestarts: 3 });
    expect(effectiveExecutionPolicy({ restartOn: { '*': 1 } }, { restartOn: {} })).toEqual({ restartOn: {} });
    expect(checkExecutionPolicy({ maxRestarts: 10 }, 'p')).toHaveLength(1);
    expect(
      checkExecutionPolicy({ maxRestarts: 0, maxSpotTries: 5, onNonRestartableFailure: 'failStage' }, 'p'),
    ).toEqual([]);
  });

  it('limit the running time to 30 days at most', () => {
    expect(timeoutMs(undefined, 'main')).toBe(2_592_000_000);
    expect(timeoutMs({ '*': { hours: 5 } }, 'main')).toBe(18_000_000);
    expect(timeoutMs({ main: { minutes: 1.5 }, '*': { hours: 5 } }, 'main')).toBe(90_000);
    expect(timeoutMs({ main: { days: 1, hours: 1 } }, 'other')).toBe(2_592_000_000);
    expect(timeoutMs({ main: { days: 400 } }, 'main')).toBe(2_592_000_000);
    expect(timeoutMs({ main: { days: 1 } }, 'constructor')).toBe(2_592_000_000);
    expect(checkTimeoutPolicy({ main: { seconds: 1 } }, 'p')).toHaveLength(1);
    expect(checkTimeoutPolicy({ main: { hours: -1 } }, 'p')).toHaveLength(1);
  });

  it.each<[string, readonly (TimeoutPolicy | undefined)[], string, number]>([
    ['its own entry point in the run', [{ main: { hours: 9 } }, undefined, { main: { hours: 1 } }], 'main', 1],
    [
      '"*" of the run before an entry point of the executable',
      [{ main: { hours: 9 } }, { '*': { hours: 2 } }],
      'main',
      2,
    ],
    ['an entry point of any executable', [{ '*': { hours: 9 } }, { main: { hours: 3 } }, undefined], 'main', 3],
    ['"*" of the executable', [{ '*': { hours: 4 } }, { main: { hours: 3 } }], 'other', 4],
    ['"*" of the run for the executable', [{}, { main: { hours: 3 } }, { '*': { hours: 5 } }], 'main', 5],
  ])('take %s as the time limit', (_, policies, entryPoint, hours) => {
    expect(timeoutMs(effectiveTimeoutPolicy(...policies), entryPoint)).toBe(hours * 3_600_000);
  });
});

describe('system requirements', () => {
  const A = { instanceType: 'mem2_hdd2_x2' };
  const B = { instanceType: 'mem1_ssd1_v2_x2' };

  it.each([
    ['those of a run stand alone when the executable has none', {}, { some_ep: A }, { some_ep: A }],
    ['a star of the run overrides a star', { '*': A }, { '*': B }, { '*': B }],
    [
      'a star of the run overrides a name',
      { main: { ...A, clusterSpec: {} } },
      { '*': B },
      { main: { ...B, clusterSpec: {} }, '*': B },
    ],
    ['a name of the run stands beside a star', { '*': A }, { main: B }, { '*': A, main: B }],
    [
      'a driver survives another instance type',
      { '*': { ...A, nvidiaDriver: 'R535' } },
      { '*': B },
      { '*': { ...B, nvidiaDriver: 'R535' } },
    ],
    ['a name of the run overrides its star', { main: A }, { main: A, '*': B }, { main: A, '*': B }],
  ])('%s', (_, weak, strong, expected) => {
    expect(overrideRequirements(weak, strong)).toEqual(expected);
  });

  it('of an entry point are merged from its name and the star, field by field', () => {
    expect(entryPointRequirements({ main: { nvidiaDriver: 'R' }, '*': A }, 'main')).toEqual({
      ...A,
      nvidiaDriver: 'R',
    });
    expect(entryPointRequirements({ main: B, '*': A }, 'other')).toEqual(A);
    expect(entryPointRequirements({ main: B }, 'toString')).toEqual({});
  });

  it('by executable: its id overrides the star, and the upper call overrides the lower', () => {
    expect(requirementsOf({ '*': { '*': A }, x: { main: B } }, ['x'])).toEqual({ '*': A, main: B });
    expect(requirementsOf({ y: { '*': A } }, ['x'])).toEqual({});
    expect(mergeByExecutable({ x: { '*': A } }, { x: { '*': B }, y: { '*': B } })).toEqual({
      x: { '*': A },
      y: { '*': B },
    });
  });

  it('resolve to the strongest layer that names the entry point, for any two maps', () => {
    const requirements = fc.record(
      { instanceType: fc.constantFrom('a', 'b'), nvidiaDriver: fc.constantFrom('r', 's') },
      { requiredKeys: [] },
    );
    const map = fc.dictionary(
      fc.constantFrom('*', 'main', 'other'),
      requirements as fc.Arbitrary<{ instanceType?: string }>,
    );
    fc.assert(
      fc.property(map, map, fc.constantFrom('main', 'other', 'third'), (weak, strong, entryPoint) => {
        const merged = entryPointRequirements(overrideRequirements(weak, strong), entryPoint);
        const apart = { ...entryPointRequirements(weak, entryPoint), ...entryPointRequirements(strong, entryPoint) };
        expect(merged).toEqual(apart);
      }),
    );
  });

  it('must have the right form and name existing instance types', () => {
    expect(
      checkSystemRequirements({ main: { ...A, nvidiaDriver: 'R535', clusterSpec: { initialInstanceCount: 2 } } }, 's'),
    ).toEqual([]);
    expect(checkSystemRequirements([], 's')).toHaveLength(1);
    expect(checkSystemRequirements({ main: 'mem1_ssd1_x2' }, 's')).toHaveLength(1);
    expect(
      checkSystemRequirements({ '*': { instanceTypeSelector: { allowedInstanceTypes: ['mem1_ssd1_x2', 'x'] } } }, 's'),
    ).toHaveLength(1);
    expect(checkByExecutable({ 'applet-x': { '*': { instanceType: 5 } } }, 's')).toHaveLength(1);
  });
});
