// Workflows through the real client: edited, built from a folder, run, followed, found, cloned and terminated.

import { beforeAll, expect, it } from 'vitest';
import { givenBuilt } from './session.ts';
import { session, useSession } from './shared-session.ts';

useSession();
beforeAll(async () => {
  const parameter = { name: 'n', class: 'int' };
  const runSpec = { interpreter: 'bash', file: 'src.sh', distribution: 'Ubuntu', release: '24.04', version: '0' };
  const inputSpec = [
    { ...parameter, default: 0 },
    { name: 'seconds', class: 'int', default: 0 },
  ];
  const app = { name: 'count', dxapi: '1.0.0', inputSpec, outputSpec: [parameter], runSpec };
  session.file('count/dxapp.json', JSON.stringify(app));
  session.file('count/src.sh', 'main() { sleep "$seconds"; dx-jobutil-add-output n $((n + 1)) --class int; }\n');
  await session.ok(['build', 'count']);
});

const describeJson = async (what: string) => JSON.parse(await session.ok(['describe', what, '--json']));
const linkTo = (stage: string) => JSON.stringify({ n: { $dnanexus_link: { stage, outputField: 'n' } } });

it('a workflow is edited stage by stage, run, followed, found and run again from its analysis', async () => {
  await session.ok(['new', 'workflow', 'pipe', '--brief']);
  await session.ok(['add', 'stage', 'pipe', 'count', '--id', 'a', '--name', 'first', '-in=1']);
  await session.ok(['add', 'stage', 'pipe', 'count', '--id', 'b', '--name', 'second', '-j', linkTo('a')]);
  await session.ok(['add', 'stage', 'pipe', 'count', '--id', 'c']);
  await session.ok(['remove', 'stage', 'pipe', 'c']);
  await session.ok(['update', 'stage', 'pipe', 'second', '--relative-output-folder', 'sub']);
  await session.ok(['update', 'workflow', 'pipe', '--title', 'Two counts']);
  expect(await session.ok(['list', 'stages', 'pipe'])).toMatch(/Stage 0: first \(a\).*Stage 1: second \(b\)/s);
  const analysis = await session.ok(['run', 'pipe', '-ia.n=5', '-y', '--brief']);
  await session.ok(['wait', analysis]);
  expect(await describeJson(analysis)).toMatchObject({
    ...{ state: 'done', name: 'Two counts', output: { 'a.n': 6, 'b.n': 7 } },
    stages: [{ execution: { folder: '/' } }, { execution: { folder: '/sub' } }],
  });
  await session.ok(['tag', analysis, 'kept']);
  expect(await session.ok(['find', 'analyses', '--tag', 'kept', '--brief'])).toBe(analysis);
  const tree = await session.ok(['find', 'executions', '--no-subjobs']);
  expect(tree).toMatch(
    /Two counts \(pipe\) \(done\) analysis-\w+\n(?=.*── \* first \(count:main\)).*── \* second \(count:main\)/s,
  );
  const again = await session.ok(['run', '--clone', analysis, '-ia.n=10', '-y', '--brief']);
  await session.ok(['wait', again]);
  expect((await describeJson(again)).output).toEqual({ 'a.n': 11, 'b.n': 12 });
});

it('a workflow is built from a folder with locked inputs, comes back as one, and its analysis is terminated', async () => {
  const count = (await describeJson('count')).id;
  const own = { $dnanexus_link: { workflowInputField: 'start' } };
  const input = { n: own, seconds: 300 };
  const workflow = {
    ...{ name: 'locked', title: 'Locked', dxapi: '1.0.0', inputs: [{ name: 'start', class: 'int' }] },
    outputs: [{ name: 'end', class: 'int', outputSource: { $dnanexus_link: { stage: 'a', outputField: 'n' } } }],
    stages: [{ id: 'a', name: 'only', executable: count, input }],
  };
  session.file('locked/dxworkflow.json', JSON.stringify(workflow));
  const { id } = JSON.parse(await session.ok(['build', '--workflow', 'locked']));
  await session.ok(['get', id, '-o', 'back']);
  expect((await session.dx(['run', id, '-ia.n=1', '-y'])).code).not.toBe(0);
  const analysis = await session.ok(['run', id, '-istart=1', '-y', '--brief']);
  expect(await session.ok(['find', 'analyses', '--state', 'in_progress', '--brief'])).toBe(analysis);
  await session.ok(['terminate', analysis]);
  expect((await session.dx(['wait', analysis])).code).not.toBe(0);
  expect(await describeJson(analysis)).toMatchObject({ state: 'terminated', runInput: { start: 1 } });
  expect(await session.ok(['describe', analysis])).toMatch(/State +terminated/);
});

it('a closed workflow is a stage of another, and a job runs that in its own tree', async () => {
  await session.ok(['new', 'workflow', 'inner', '--brief']);
  await session.ok(['add', 'stage', 'inner', 'count', '--id', 'x', '-in=1']);
  await session.ok(['close', 'inner']);
  await session.ok(['new', 'workflow', 'outer', '--brief']);
  await session.ok(['add', 'stage', 'outer', 'inner', '--id', 'sub', '--name', 'below']);
  const link = { n: { $dnanexus_link: { stage: 'sub', outputField: 'x.n' } } };
  await session.ok(['add', 'stage', 'outer', 'count', '--id', 'last', '-j', JSON.stringify(link)]);
  const analysis = await session.ok(['run', 'outer', '-y', '--brief']);
  await session.ok(['wait', analysis]);
  expect((await describeJson(analysis)).output).toEqual({ 'sub.x.n': 2, 'last.n': 3 });
  expect(await session.ok(['describe', analysis])).toContain('below');
  const tree = await session.ok(['find', 'executions', '--root', analysis]);
  expect(tree).toMatch(/── \* below \(inner\) \(done\) analysis-\w+\n[^*]*── \* count \(done\) job-/);

  const outer = (await describeJson('outer')).id;
  const output = JSON.stringify({ n: { $dnanexus_link: { analysis: '%s', stage: 'last', field: 'n' } } });
  const source = `main() { printf '${output}' "$(dx run ${outer} -y --brief)" > job_output.json; }`;
  await givenBuilt(session, 'maker', { code: source, outputSpec: [{ name: 'n', class: 'int' }] });
  const maker = await session.ok(['run', 'maker', '-y', '--brief']);
  await session.ok(['wait', maker]);
  expect(await describeJson(maker)).toMatchObject({ state: 'done', output: { n: 3 } });
  const below = await session.ok(['find', 'executions', '--root', maker, '--brief']);
  expect(below.match(/analysis-/g)).toHaveLength(2);
});
