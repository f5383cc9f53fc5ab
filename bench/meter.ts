// Reads what a platform has used so far of the services that AWS charges for, before and after a load.

import type { Capacity, CapacityProxy } from './capacity-proxy.ts';
import type { PlatformProcess } from './platform-process.ts';
import type { Usage } from './price.ts';

export type Reading = {
  readonly at: number;
  readonly capacity: Capacity;
  readonly counts: Readonly<Record<string, number>>;
};

export async function read(platform: PlatformProcess, proxy: CapacityProxy): Promise<Reading> {
  return { at: Date.now(), capacity: proxy.units(), counts: await platform.counts() };
}

/** The usage between two readings. */
export function used(before: Reading, after: Reading): Usage {
  const counted = (matches: (name: string) => boolean) =>
    Object.entries(after.counts).reduce(
      (total, [name, count]) => total + (matches(name) ? count - (before.counts[name] ?? 0) : 0),
      0,
    );
  return {
    writeUnits: after.capacity.writeUnits - before.capacity.writeUnits,
    readUnits: after.capacity.readUnits - before.capacity.readUnits,
    s3Writes: counted((name) => s3Writes.test(name)),
    s3Reads: counted((name) => s3Reads.test(name)),
    sqsRequests: counted((name) => name.startsWith('sqs:')),
    invocations: counted((name) => name.startsWith('lambda:') && name !== localFunction),
    gbSeconds: counted((name) => name === 'lambdaMegabyteSeconds') / 1024,
    // "each time a step of your workflow is executed": the start is counted too, which is the more expensive reading of
    // the price page.
    transitions: counted((name) => name === 'transitions' || name === 'states:StartExecution'),
    httpRequests: counted((name) => httpFunctions.test(name)),
  };
}

/** Combines the `usage` of each kind with that of `other`. */
export function combine(usage: Usage, other: Usage, how: (one: number, two: number) => number): Usage {
  const names = Object.keys(usage) as (keyof Usage)[];
  return Object.fromEntries(names.map((name) => [name, how(usage[name], other[name])])) as Usage;
}

export function scale(usage: Usage, factor: number): Usage {
  return combine(usage, usage, (one) => one * factor);
}

/** Units by `<operation> <table> <kind of row>` between two readings, per job, the largest first. */
export function unitsByKind(before: Reading, after: Reading, jobs: number): { reads: KindUnits; writes: KindUnits } {
  const between = (kind: 'readsByKind' | 'writesByKind') =>
    [...after.capacity[kind]]
      .map(([name, units]): [string, number] => [name, (units - (before.capacity[kind].get(name) ?? 0)) / jobs])
      .filter(([, units]) => units > 0)
      .sort(([, one], [, two]) => two - one);
  return { reads: between('readsByKind'), writes: between('writesByKind') };
}
export type KindUnits = readonly (readonly [string, number])[];

/** Functions behind the HTTP API: each of their invocations is one of its requests. */
const httpFunctions = /^lambda:.*-(run|new-job|api|worker-api)$/;
/** A function outside the template: it adds users and issues tokens on this machine. */
const localFunction = 'lambda:operator';
/** Deletions cost nothing. */
const s3Writes = /^s3:(Put|Copy|Post|List|Create|Complete|Upload)/;
const s3Reads = /^s3:(Get|Head)/;
