// Looks for orphans once everything has ended: rows, bodies, bytes, launches and workers that belong to nothing that is
// still wanted. It knows the shapes of the keys (docs/rows.md), and none of the code that writes them.

import type { Row } from '../../core/context.ts';

/** Everything that a platform holds at the end of a campaign. */
export type Remains = {
  readonly executions: readonly Row[];
  readonly objects: readonly Row[];
  readonly containers: readonly Row[];
  /** Keys of the bytes of files. */
  readonly content: readonly string[];
  /** Workers that still run, by their names, and launches that have not ended. */
  readonly workers: readonly string[];
};

/** A sentence for each orphan. */
export function findOrphans(remains: Remains): string[] {
  return [
    ...executionOrphans(remains),
    ...objectOrphans(remains),
    ...workspaceOrphans(remains),
    // Jobs that have ended need neither workers nor launches.
    ...remains.workers.map((name) => `${name} has not ended`),
  ];
}

function executionOrphans({ executions }: Remains): string[] {
  const jobs = new Map(executions.filter(({ sk }) => sk === 'A').map((row) => [row.pk, row]));
  return executions.flatMap((row) => {
    const name = `${row.pk} ${row.sk}`;
    const found: string[] = [];
    if (row.openShard !== undefined || row.dueAt !== undefined)
      found.push(`${name} is still in the index of the sweep`);
    if (row.sk === 'A' && !ends.has(String(row.state))) found.push(`${name} is ${row.state}`);
    const owners = ownersOf(row).filter((owner) => !jobs.has(owner));
    return [...found, ...owners.map((owner) => `${name} belongs to ${owner}, which is not there`)];
  });
}

/** The jobs without which a row of `executions` means nothing. */
function ownersOf({ pk, sk }: Row): string[] {
  const named = [...`${pk} ${sk}`.matchAll(/job-[A-Za-z0-9]{24}/g)].map(([id]) => id);
  // An edge may stand on an object or a job that is gone. Only the waiter is its owner.
  return sk.startsWith('W#') ? named.slice(-1) : [...new Set(named)];
}

function objectOrphans({ objects, containers, content }: Remains): string[] {
  const places = new Set(containers.filter(({ sk, destroyed }) => sk === 'A' && !destroyed).map(({ pk }) => pk));
  const placements = objects.filter(({ sk }) => sk.startsWith('P#'));
  const alive = new Set(objects.filter(({ sk }) => sk === 'A').map(({ pk }) => pk));
  const placed = new Set(placements.map(({ pk }) => pk));
  const lost = placements.filter(({ sk }) => !places.has(sk.slice(2)));
  return [
    ...lost.map(({ pk, sk }) => `${pk} is placed in ${sk.slice(2)}, which is not there`),
    ...[...alive].filter((id) => !placed.has(id)).map((id) => `${id} is placed nowhere`),
    ...[...placed].filter((id) => !alive.has(id)).map((id) => `${id} is placed and does not exist`),
    ...content.filter((key) => !alive.has(key.split('/').at(-1) ?? '')).map((key) => `bytes ${key} belong to no file`),
  ];
}

/** A workspace is named by the first 22 characters of its master job. All of them must be gone. */
function workspaceOrphans({ executions, objects, containers }: Remains): string[] {
  const masters = new Set(executions.map(({ pk }) => pk.slice('job-'.length, 'job-'.length + 22)));
  return [...objects, ...containers].flatMap(({ pk, sk }) => {
    const workspace = /^container-(\w{22})/.exec(pk);
    return workspace !== null && masters.has(workspace[1] ?? '') ? [`${pk} ${sk} is left of a workspace`] : [];
  });
}

const ends: ReadonlySet<string> = new Set(['done', 'failed', 'terminated']);
