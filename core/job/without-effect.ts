// The fields of a call or an executable that are accepted and have no effect here. The log of each job says so once for
// each that it was given (docs/limits.md, "Without effect").

import type { AppletSpec } from '../executable/applet.ts';
import { entryPointRequirements } from '../executable/requirements.ts';
import type { Hash } from '../reference/value.ts';
import type { ExecutionSpec } from './spec.ts';

/**
 * Where a field is given: by the call that made a master job, by its executable, or in the system requirements of the
 * job's own entry point.
 */
type Source = 'call' | 'executable' | 'requirements';
type FieldWithoutEffect = {
  readonly name: string;
  readonly source: Source;
  /** The value that asks for what happens anyway. False and null always do. */
  readonly usual?: unknown;
  readonly instead: string;
};

export type GivenFields = {
  readonly isMaster: boolean;
  readonly entryPoint: string;
  readonly spec: Pick<ExecutionSpec, 'shown' | 'systemRequirements'>;
  readonly executable: Pick<AppletSpec, 'access' | 'treeTurnaroundTimeThreshold' | 'httpsApp'>;
};

/** A sentence for each field without effect that a job was given. A subjob does not repeat those of its master job. */
export function fieldsWithoutEffect({ isMaster, entryPoint, spec, executable }: GivenFields): string[] {
  const values: Readonly<Record<Source, Hash>> = {
    call: isMaster ? spec.shown : {},
    executable: isMaster ? { ...executable, 'access.network': restriction(executable.access.network) } : {},
    requirements: entryPointRequirements(spec.systemRequirements, entryPoint),
  };
  return withoutEffect
    .filter(({ name, source, usual }) => ![undefined, null, false, usual].includes(values[source][name]))
    .map(({ name, instead }) => `"${name}" has no effect here: ${instead}`);
}

/** A list that allows every host does not restrict. */
function restriction(network: readonly string[] | undefined) {
  return network?.includes('*') ? undefined : network;
}

const spotWait = 'a job of priority low waits for a spot machine as long as it takes, and no other job waits for one';
export const withoutEffect: readonly FieldWithoutEffect[] = [
  { name: 'costLimit', source: 'call', instead: 'costs are not counted, so nothing ends a tree that costs more' },
  { name: 'rank', source: 'call', usual: 0, instead: 'jobs start in the order in which they become runnable' },
  { name: 'maxTreeSpotWaitTime', source: 'call', instead: spotWait },
  { name: 'maxJobSpotWaitTime', source: 'call', instead: spotWait },
  { name: 'detailedJobMetrics', source: 'call', instead: 'no metrics are collected' },
  { name: 'preserveJobOutputs', source: 'call', instead: 'only the outputs of the origin job go to the project' },
  { name: 'singleContext', source: 'call', instead: 'code that holds another token may use it' },
  { name: 'treeTurnaroundTimeThreshold', source: 'executable', instead: 'nobody is notified when a tree takes longer' },
  { name: 'httpsApp', source: 'executable', instead: 'a job cannot be reached by HTTPS' },
  { name: 'access.network', source: 'executable', instead: 'a job may open any connection' },
  { name: 'clusterSpec', source: 'requirements', instead: 'a job runs on one machine, and no cluster is set up' },
  { name: 'nvidiaDriver', source: 'requirements', instead: 'workers have no GPU' },
  { name: 'fpgaDriver', source: 'requirements', instead: 'workers have no FPGA' },
];
