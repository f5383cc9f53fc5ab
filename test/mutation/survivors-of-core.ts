// The mutants of core that no test kills, each with its reason.

import type { Survivors } from './survivor.ts';

export const survivorsOfCore: readonly Survivors[] = [
  {
    path: 'core/execution/scope.ts',
    mutants: ['readLineageEntry: attempt !== undefined && /^\\d+$/.test(attempt) → /^\\d+$/.test(attempt)'],
    reason: 'A missing try is tested as the text "undefined", which is not a number.',
  },
  {
    path: 'core/job/agenda.ts',
    mutants: [
      'steps: true → false',
      'steps: true → false (2)',
      'steps: true → false (3)',
      'steps: true → false (4)',
      'steps: true → false (5)',
      'steps: true → false (6)',
      'steps: true → false (7)',
      'steps: true → false (8)',
      'steps: true → false (9)',
      'steps: true → false (10)',
    ],
    reason: 'Only whether a step has `paged` or `asksWorker` is asked, and the type allows no other value.',
  },
  {
    path: 'core/job/agenda.ts',
    mutants: ['steps: asksWorker: true → nothing (4)', 'steps: asksWorker: true → nothing (5)'],
    reason: 'The two steps of `restartable` that ask a worker stand in for each other.',
  },
  {
    path: 'core/job/agenda.ts',
    mutants: ['steps: concerns: isClaimed → nothing (2)'],
    reason: 'A job that waits for its output was claimed.',
  },
  {
    path: 'core/job/agenda.ts',
    mutants: ["agenda: 'period' → '' (5)", "agenda: ['period'] → []"],
    reason: 'No row is ever in the state `restarted`.',
  },
  {
    path: 'core/job/decide.ts',
    mutants: [
      'decide: transition.demand === undefined ? undefined : demands[transition.demand] → demands[transition.demand]',
    ],
    reason: 'There is no demand of the name undefined.',
  },
  {
    path: 'core/job/decide.ts',
    mutants: [
      "apply: sets.failure && 'failure' in event → sets.failure",
      "apply: sets.failure && 'failure' in event → 'failure' in event",
    ],
    reason: 'Exactly the events that set a failure have one.',
  },
  {
    path: 'core/job/decide.ts',
    mutants: ["apply: event.kind === 'relaunch' && event.counted → event.counted"],
    reason: 'Only a relaunch begins a launch.',
  },
  {
    path: 'core/job/decide.ts',
    mutants: ['nextTry: transitions: [] → nothing'],
    reason: 'Entering `idle` empties the transitions as well.',
  },
  {
    path: 'core/job/demand.ts',
    mutants: [
      "demands: event.kind === 'claim' && row.task === event.task → row.task === event.task",
      "demands: event.kind === 'end' && mayTake(row, event.failure) → mayTake(row, event.failure)",
    ],
    reason: 'The tables ask each demand for one kind of event only.',
  },
  {
    path: 'core/job/demand.ts',
    mutants: ['hasFailure: failureReason: reason → nothing'],
    reason: 'A row with another reason differs by that reason, whatever its message is.',
  },
  {
    path: 'core/job/due.ts',
    mutants: [
      'dueTime: dueAt !== undefined && dueAt > now → dueAt > now',
      'dueTime: row.lastPassAt !== undefined && row.lastPassAt > now → row.lastPassAt > now',
    ],
    reason: 'A comparison with undefined is false.',
  },
  {
    path: 'core/job/due.ts',
    mutants: ['dueTime: dueAt <= wanted → dueAt < wanted'],
    reason: 'Both times are equal then.',
  },
  {
    path: 'core/job/due.ts',
    mutants: [
      "openShard: '-' → ''",
      "openShard: execution.indexOf('-') + 1 → execution.indexOf('-') - 1",
      "openShard: slice(execution.indexOf('-') + 1): no slice",
    ],
    reason: 'Any even spread will do, and these are even, too.',
  },
  {
    path: 'core/job/job-fields.ts',
    mutants: [
      'shownByDefault: spec.debugOn === undefined ? {} : { debugOn: spec.debugOn } → { debugOn: spec.debugOn }',
    ],
    reason: 'JSON leaves out a field that is undefined.',
  },
  {
    path: 'core/job/plan-input.ts',
    mutants: ['planPins: filter((object) => !pinned.has(object)): no filter'],
    reason: 'An object that is pinned and linked was seen in one place, and a place names each object once.',
  },
  {
    path: 'core/job/plan-output.ts',
    mutants: [
      'placedObjects: isHash(body.output) ? referredObjects(findReferences(body.output)) : [] → referredObjects(findReferences(body.output))',
    ],
    reason: 'A body without an output has no references in it.',
  },
  {
    path: 'core/job/plan-output.ts',
    mutants: ['checkOutput: spec?.outputSpec: no ?', 'checkOutput: spec?.outputSpec: no ? (2)'],
    reason: 'Only outputs with a specification are checked there.',
  },
  {
    path: 'core/job/plan-output.ts',
    mutants: ['planClones: places.get(object) ?? workspace → places.get(object)'],
    reason: 'Every object that is asked for is a key of the map.',
  },
  {
    path: 'core/job/print-states.ts',
    mutants: ["line: '\\\\|' → ''"],
    reason: 'No text of the tables has a bar.',
  },
  {
    path: 'core/job/restart.ts',
    mutants: ['startsAgain: restartOn[allowed] ?? 0 → restartOn[allowed]'],
    reason: 'The name was found among the keys.',
  },
  {
    path: 'core/job/restart.ts',
    mutants: ['describeSilence: leaseUntil !== undefined && leaseUntil < now → leaseUntil < now'],
    reason: 'A comparison with undefined is false.',
  },
  {
    path: 'core/job/state.ts',
    mutants: [
      'jobStates: terminal: false → nothing',
      'jobStates: terminal: false → nothing (2)',
      'jobStates: terminal: false → nothing (3)',
      'jobStates: terminal: false → nothing (4)',
      'jobStates: terminal: false → nothing (5)',
      'jobStates: terminal: false → nothing (6)',
      'jobStates: terminal: false → nothing (7)',
      'jobStates: terminal: false → nothing (8)',
    ],
    reason: 'Undefined counts as false, and the type demands the word.',
  },
  {
    path: 'core/job/state.ts',
    mutants: ["jobStates: driven: 'ended try only' → nothing"],
    reason: 'Only `now` is asked for, and the type demands the word.',
  },
  {
    path: 'core/job/worker.ts',
    mutants: [
      'needsWorker: idle: false → nothing',
      'needsWorker: waiting_on_input: false → nothing',
      'needsWorker: waiting_on_output: false → nothing',
      'needsWorker: done: false → nothing',
      'needsWorker: failed: false → nothing',
      'needsWorker: terminated: false → nothing',
      'needsWorker: restarted: false → nothing',
    ],
    reason: 'Undefined counts as false, and the type demands the word.',
  },
  {
    path: 'core/reference/exact-number.ts',
    mutants: ['parseExactly: !manyDigits.test(text) || exceedsDepth(value) → exceedsDepth(value)'],
    reason: 'It only saves time: shorter numbers are exact.',
  },
  {
    path: 'core/reference/exact-number.ts',
    mutants: [
      'parseExactly: read?.source: no ?',
      "parseExactly: '' → 'mutant'",
      "parseExactly: read?.source ?? '' → read?.source",
      "parseExactly: typeof number !== 'number' || !isWhole.test(source) → !isWhole.test(source)",
    ],
    reason:
      'The parser gives the source of every number, and the source of another value is not a whole number: a text has quotes.',
  },
  {
    path: 'core/reference/find.ts',
    mutants: ["findReferences: '' → 'mutant'"],
    reason: 'The path is only shown with problems, which are left out here.',
  },
  {
    path: 'core/reference/pick.ts',
    mutants: ["createPicker: one.kind === 'object' → false"],
    reason: 'It would be kept under no id, and nobody asks for that.',
  },
  {
    path: 'core/reference/pick.ts',
    mutants: ['createPicker: left < 0 → left <= 0', 'createPicker: left < 0 → false'],
    reason: 'It only saves time: every output takes bytes, so the next count is below zero too.',
  },
  {
    path: 'core/reference/resolve.ts',
    mutants: [
      'resolveReferences: value: null → nothing',
      "resolveReferences: 'problem' in result ? null : result.value → result.value",
    ],
    reason: 'With a problem the value is not returned.',
  },
  {
    path: 'core/reference/resolve.ts',
    mutants: [
      "resolveKnown: reference.kind === 'object' || reference.kind === 'problem' → reference.kind === 'object'",
      "resolveKnown: reference.kind === 'object' || reference.kind === 'problem' → reference.kind === 'problem'",
      "resolveKnown: reference.kind === 'object' || reference.kind === 'problem' || reference.metadat… → reference.metadata !== undefined",
    ],
    reason: 'The output of an object or of a malformed link is not known, so the hash stays as well.',
  },
  {
    path: 'core/reference/resolve.ts',
    mutants: [
      "objectsForMetadata: reference.kind === 'object' || reference.metadata === undefined → reference.metadata === undefined",
    ],
    reason: 'A link to an object has no metadata.',
  },
  {
    path: 'core/reference/resolve.ts',
    mutants: ["objectsForMetadata: 'problem' in picked ? undefined : objectOf(picked.value) → objectOf(picked.value)"],
    reason: 'A problem has no value, and undefined is not a link.',
  },
  {
    path: 'core/run/plan-new-job.ts',
    mutants: ["planNewJob: problems.length > 0 || 'problems' in machine → problems.length > 0"],
    reason: 'The problems of the machine are among the problems. The second question is for the types.',
  },
  {
    path: 'core/run/plan-new-job.ts',
    mutants: ['planNewJob: waits.length === 0 && !prepared.hasJobReferences → waits.length === 0'],
    reason: 'Each reference to a job is a wait.',
  },
  {
    path: 'core/run/plan-run.ts',
    mutants: ['planRun: executable → nothing'],
    reason: 'The facts have the executable already, with a wider type.',
  },
  {
    path: 'core/run/plan-run.ts',
    mutants: ["planMasterJob: problems.length > 0 || 'problems' in machine → problems.length > 0"],
    reason: 'The problems of the machine are among the problems. The second question is for the types.',
  },
  {
    path: 'core/run/plan-run.ts',
    mutants: ["planMasterJob: '' → 'mutant'"],
    reason: 'Every specification has a title.',
  },
  {
    path: 'core/run/plan-run.ts',
    mutants: ['planPlaces: found.objects.get(object)?.place: no ?'],
    reason: 'A link to an object that was not found has been refused before.',
  },
  {
    path: 'core/run/plan-run.ts',
    mutants: ["planRow: kind: 'master' → nothing"],
    reason: 'Only the word `subjob` is asked for.',
  },
  {
    path: 'core/run/plan-run.ts',
    mutants: ['planPolicies: request.timeoutPolicyByExecutable ?? {} → request.timeoutPolicyByExecutable'],
    reason: 'Undefined can be spread.',
  },
  {
    path: 'core/run/plan-run.ts',
    mutants: [
      'planPolicies: Object.hasOwn(byExecutable, executable.id) ? byExecutable[executable.id] : undef… → byExecutable[executable.id]',
    ],
    reason: 'No object inherits a property with the name of an id.',
  },
  {
    path: 'core/run/prepare-input.ts',
    mutants: ['prepareInput: hasJobReferences: referredJobs(references).length > 0 → nothing'],
    reason: 'Each reference to a job is a wait, which says the same.',
  },
  {
    path: 'core/job/slot-wait.ts',
    mutants: [
      "slotWaitNote: timeOf('running') ?? 0 → timeOf('running')",
      "slotWaitNote: timeOf('runnable') ?? Number.POSITIVE_INFINITY → timeOf('runnable')",
    ],
    reason: 'A difference with undefined is not a number, which is not longer than any time.',
  },
];
