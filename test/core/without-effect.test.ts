// Tests which fields a job's log says to have no effect, and that every field of a run is known to have one or not.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runInput } from '../../api/schemas/execution.ts';
import { fieldsWithoutEffect, type GivenFields, withoutEffect } from '../../core/job/without-effect.ts';

const nothing: GivenFields = {
  isMaster: true,
  entryPoint: 'main',
  spec: { shown: {}, systemRequirements: {} },
  executable: { access: {} },
};
const call = (shown: object) => ({ ...nothing, spec: { ...nothing.spec, shown: { ...shown } } });
const executable = (fields: object) => ({ ...nothing, executable: { ...nothing.executable, ...fields } });
const requirements = (of: object) => ({ ...nothing, spec: { shown: {}, systemRequirements: { main: { ...of } } } });

const noted: [name: string, GivenFields][] = [
  ['costLimit', call({ costLimit: 0 })],
  ['rank', call({ rank: 5 })],
  ['maxTreeSpotWaitTime', call({ maxTreeSpotWaitTime: 60 })],
  ['maxJobSpotWaitTime', call({ maxJobSpotWaitTime: 0 })],
  ['detailedJobMetrics', call({ detailedJobMetrics: true })],
  ['preserveJobOutputs', call({ preserveJobOutputs: {} })],
  ['singleContext', call({ singleContext: true })],
  ['treeTurnaroundTimeThreshold', executable({ treeTurnaroundTimeThreshold: 60 })],
  ['httpsApp', executable({ httpsApp: { ports: [443] } })],
  ['access.network', executable({ access: { network: ['example.com'] } })],
  ['clusterSpec', requirements({ clusterSpec: { type: 'generic', initialInstanceCount: 1 } })],
  ['nvidiaDriver', requirements({ nvidiaDriver: 'R535' })],
  ['fpgaDriver', requirements({ fpgaDriver: 'edico-1.4.2' })],
];

it.each(noted)('%s is said to have no effect', (name, given) => {
  expect(fieldsWithoutEffect(given)).toEqual([expect.stringMatching(`^"${name}" has no effect here: .`)]);
});

it('every field of the list is tried above, and is in docs/limits.md', () => {
  expect(withoutEffect.map(({ name }) => name)).toEqual(noted.map(([name]) => name));
  const limits = readFileSync(new URL('../../docs/limits.md', import.meta.url), 'utf8');
  for (const { name, instead } of withoutEffect) expect(limits).toContain(`| \`${name}\` | ${instead} |`);
});

it.each([
  ['nothing is asked for', nothing],
  ['the usual way is asked for', call({ rank: 0, detailedJobMetrics: false, singleContext: false })],
  ['every host is allowed', executable({ access: { network: ['*', 'example.com'] } })],
])('nothing is said when %s', (_, given) => {
  expect(fieldsWithoutEffect(given)).toEqual([]);
});

it('a subjob says only what its own entry point was given', () => {
  const [first, last] = [call({ rank: 5 }), requirements({ nvidiaDriver: 'R535' })];
  expect(fieldsWithoutEffect({ ...first, isMaster: false })).toEqual([]);
  expect(fieldsWithoutEffect({ ...executable({ httpsApp: { ports: [443] } }), isMaster: false })).toEqual([]);
  expect(fieldsWithoutEffect({ ...last, isMaster: false })).toHaveLength(1);
  expect(fieldsWithoutEffect({ ...last, isMaster: false, entryPoint: 'other' })).toEqual([]);
});

it('every field of a run has an effect, or is in the list', () => {
  const listed = withoutEffect.filter(({ source }) => source === 'call').map(({ name }) => name);
  expect(Object.keys(runInput.shape).filter((name) => !withEffect.includes(name))).toEqual(
    expect.arrayContaining(listed),
  );
  expect(Object.keys(runInput.shape).filter((name) => !withEffect.includes(name) && !listed.includes(name))).toEqual(
    [],
  );
});

/** `ignoreReuse` asks for what always happens: no output is reused. */
const withEffect = [
  ...['input', 'name', 'tags', 'properties', 'details', 'dependsOn', 'nonce', 'project', 'folder', 'priority'],
  ...['systemRequirements', 'systemRequirementsByExecutable', 'headJobOnDemand', 'executionPolicy'],
  ...['timeoutPolicyByExecutable', 'delayWorkspaceDestruction', 'ignoreReuse', 'detach', 'allowSSH', 'debug'],
];
