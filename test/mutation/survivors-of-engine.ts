// The mutants of the other rooms of the engine that no test kills, each with its reason.

import type { Survivors } from './survivor.ts';

export const survivorsOfEngine: readonly Survivors[] = [
  {
    path: 'engine/finalise.ts',
    mutants: ['finalise: (await loadJob(context, found.pk)) ?? found → await loadJob(context, found.pk)'],
    reason: 'The row of a job is never deleted, so the second read finds it.',
  },
  {
    path: 'engine/run/fill-metadata.ts',
    mutants: ['fillMetadata: place === undefined → false', 'fillMetadata: loaded?.details: no ?'],
    reason: 'Nothing is in no place, and an object with a placement was loaded.',
  },
  {
    path: 'engine/run/find-wanted.ts',
    mutants: ['findWanted: workspace === undefined || leavesTree → leavesTree'],
    reason: 'A user has no workspace, and nothing is found there.',
  },
  {
    path: 'engine/run/find-wanted.ts',
    mutants: [
      'findWanted: leavesTree ? withoutHint(wanted.objects, workspace) : wanted.objects → withoutHint(wanted.objects, workspace)',
    ],
    reason: 'The workspace is the first place that is tried anyway.',
  },
  {
    path: 'engine/run/load-executable.ts',
    mutants: [
      'loadApplet: object.placements.get(place)?.name: no ?',
      'loadApplet: object.placements.get(place)?.name ?? id → object.placements.get(place)?.name',
    ],
    reason: 'The place was chosen among the placements.',
  },
  {
    path: 'engine/run/repeat.ts',
    mutants: ['identifyJob: exists: false → nothing'],
    reason: 'Undefined counts as false, and the type demands the word.',
  },
  {
    path: 'engine/run/repeat.ts',
    mutants: ["shortDigest: 'hex' → ''"],
    reason: 'The digest is then made of half as many bits, which are enough, too.',
  },
  {
    path: 'engine/run/start-execution.ts',
    mutants: ['startExecution: leavesTree && named.object.placements.has(project.id) → leavesTree'],
    reason: 'A place in which the executable is not is passed over, and the others are tried in the same order.',
  },
  {
    path: 'engine/run/start-execution.ts',
    mutants: ["startExecution: leavesTree && 'place' in executable → leavesTree"],
    reason: 'Every executable that exists today has a place. The question is for the types.',
  },
  {
    path: 'engine/run/start-subjob.ts',
    mutants: ['startSubjob: project: job.project → nothing'],
    reason: 'A subjob works where its objects are, so no place is remembered.',
  },
  {
    path: 'engine/run/start-subjob.ts',
    mutants: ['startSubjob: leavesWorkspace: false → nothing', 'startSubjob: leavesTree: false → nothing'],
    reason: 'Undefined counts as false, and the type demands the word.',
  },
  {
    path: 'engine/store/load-job.ts',
    mutants: [
      'loadFromSpecs: job === undefined ? undefined : readSpec(job, body) → readSpec(job, body)',
      'loadFromSpecs: job !== undefined && spec !== undefined → spec !== undefined',
      'loadFromOutputs: row !== undefined → true',
    ],
    reason: 'The bodies are parallel to what was asked for.',
  },
  {
    path: 'engine/store/save-job.ts',
    mutants: ['saveJob: readJob(saved) ?? next → readJob(saved)'],
    reason: 'What was written is the row of a job.',
  },
  {
    path: 'engine/store/save-job.ts',
    mutants: ['difference: value !== undefined && !same(value, old[name]) → !same(value, old[name])'],
    reason: 'A row has no attributes that are undefined.',
  },
  {
    path: 'engine/store/save-job.ts',
    mutants: ["same: typeof first === 'object' → typeof first !== 'object'"],
    reason: 'A field that no event changes is the same object as before.',
  },
  {
    path: 'engine/store/save-job.ts',
    mutants: [
      "same: typeof first === 'object' && JSON.stringify(first) === JSON.stringify(second) → JSON.stringify(first) === JSON.stringify(second)",
    ],
    reason: 'Texts and numbers that are not the same differ as JSON, too.',
  },
  {
    path: 'engine/wait/readiness.ts',
    mutants: ["readDependencies: 'unready' → ''", "readDependencies: state ?? 'unready' → state"],
    reason: 'Every dependency that is asked for is a key of one of the maps.',
  },
  {
    path: 'engine/wait/readiness.ts',
    mutants: ["executionReadiness: kind: 'gone' → nothing", "readObjects: kind: 'gone' → nothing"],
    reason: 'Only the word `failed` is asked for.',
  },
  {
    path: 'engine/wait/readiness.ts',
    mutants: ['follow: found.length >= hiddenWalkLimit → found.length > hiddenWalkLimit'],
    reason: 'The limit is then one object higher.',
  },
  {
    path: 'engine/wait/readiness.ts',
    mutants: ['follow: holders.get(link)?.add: no ?'],
    reason: 'The set was made a moment before.',
  },
  {
    path: 'engine/wait/readiness.ts',
    mutants: [
      'heldByHidden: links.length > 0 → links.length >= 0',
      "heldByHidden: filter(([, { state, links }]) => state !== 'closed' || links.length > 0): no filter",
    ],
    reason: 'It only saves time: a closed object without links leads to nothing.',
  },
  {
    path: 'engine/wait/readiness.ts',
    mutants: ["heldByHidden: ![...own.values()].includes('hidden') → false"],
    reason: 'It only saves time: where an object is visible, it holds nothing back.',
  },
  {
    path: 'engine/wait/readiness.ts',
    mutants: ['holdUp: places.get(id)?.keys: no ?', 'holdUp: heldIn.get(id)?.has: no ?'],
    reason: 'The places of everything on the way up are known by then.',
  },
  {
    path: 'engine/wait/readiness.ts',
    mutants: ['holdUp: filter((holder) => !places.has(holder)): no filter'],
    reason: 'It only saves time: the same places are read again.',
  },
  {
    path: 'engine/wait/readiness.ts',
    mutants: [
      'loadPlaces: prefix: placementPrefix → nothing',
      'loadPlaces: readPlacement(row)?.hidden: no ?',
      "loadPlaces: place === undefined ? [] : [[place, readPlacement(row)?.hidden === true ? 'hidde… → [[place, readPlacement(row)?.hidden === true ? 'hidden' : 'visible'] as const]",
    ],
    reason: 'Rows with this beginning are placements, and an object has few others.',
  },
  {
    path: 'engine/wait/readiness.ts',
    mutants: ["loadPlaces: 'visible' → ''"],
    reason: 'Only the word `hidden` is asked for.',
  },
  {
    path: 'engine/wait/wait.ts',
    mutants: ['waitFor: scan.unready.at(-1)?.cursor: no ?'],
    reason: 'One is unready, or the wait would be over.',
  },
  {
    path: 'engine/wait/wait.ts',
    mutants: ['choose: max(...lots): max as min'],
    reason: 'The smallest lot is as good a choice by chance.',
  },
  {
    path: 'engine/sweep.ts',
    mutants: ['setAside: one?.status: no ?', 'sweepShards: one?.status: no ?'],
    reason: 'The results are parallel to what was asked for.',
  },
  {
    path: 'engine/sweep.ts',
    mutants: ['setAside: isExecutionId(id) ? [id] : [] → [id]', 'lookAtDue: isExecutionId(id) ? [id] : [] → [id]'],
    reason: 'Only executions are in the index.',
  },
  {
    path: 'engine/sweep.ts',
    mutants: [
      'lookLater: found && expectJob(found) → found',
      'lookLater: found && expectJob(found) → expectJob(found)',
      'lookLater: row?.dueAt: no ?',
    ],
    reason: 'Only jobs exist, and the row of a job is never deleted.',
  },
  {
    path: 'engine/sweep.ts',
    mutants: ['lookLater: row?.dueAt === undefined || row.dueAt > now → row.dueAt > now'],
    reason: 'A look at a settled row is refused, which ends the sweep of that job as well.',
  },
  {
    path: 'engine/finalise.ts',
    mutants: [
      'isBeingLookedAt: waiter?.state: no ?',
      "isBeingLookedAt: waiter?.state ?? '' → waiter?.state",
      "isBeingLookedAt: '' → 'mutant'",
    ],
    reason: 'The row of a job that waits is never deleted, and no state has another name.',
  },
  {
    path: 'engine/launch/worker-number.ts',
    mutants: ['findClosed: start < byAge.length → start <= byAge.length'],
    reason: 'Behind the last worker there is none to look at.',
  },
  {
    path: 'engine/launch/worker-task.ts',
    mutants: ["stopWorker: before.kind === 'ended' || row.task === undefined → before.kind === 'ended'"],
    reason: 'The worker of a job without a task counts as ended. The second question is for the types.',
  },
  {
    path: 'engine/sweep.ts',
    mutants: ['setAside: more: false → nothing', 'lookAtDue: more: false → nothing'],
    reason: 'Undefined counts as false, and the type demands the word.',
  },
];
