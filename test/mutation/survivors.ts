// The mutants that no test kills, each with its reason. `npm run test:mutants` prints the names.

type Survivors = { readonly path: string; readonly mutants: readonly string[]; readonly reason: string };

export const survivors: readonly Survivors[] = [
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
    mutants: ['dueTime: dueAt !== undefined && dueAt > now → dueAt > now'],
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
    path: 'engine/finalise.ts',
    mutants: ['finalise: (await loadJob(context, found.pk)) ?? found → await loadJob(context, found.pk)'],
    reason: 'The row of a job is never deleted, so the second read finds it.',
  },
  {
    path: 'engine/job/advance.ts',
    mutants: [
      'onExecutionChange: true → false',
      'onExecutionChange: row === undefined || row.tombstone === true → row === undefined',
    ],
    reason: 'A tombstone is in a state of the end and has no due time, so it calls for no step anyway.',
  },
  {
    path: 'engine/job/advance.ts',
    mutants: ["onExecutionChange: first === 'launch' → false"],
    reason: 'The row is then read again, and the look at it sends the same message.',
  },
  {
    path: 'engine/job/advance.ts',
    mutants: ['onExecutionChangeOrLater: !isExecutionId(after.pk) → false'],
    reason: 'A record that is not of an execution calls for nothing, so its look cannot fail.',
  },
  {
    path: 'engine/job/advance.ts',
    mutants: [
      'lookOnce: entered !== undefined && row.state === entered.state && row.try === entered.try → entered !== undefined && row.state === entered.state',
    ],
    reason: 'The states before a next try are others, so a row in the same state is in the same try.',
  },
  {
    path: 'engine/job/advance.ts',
    mutants: ["resume: 'woken' → ''"],
    reason: 'The states that take messages have no step for woken rows alone.',
  },
  {
    path: 'engine/job/advance.ts',
    mutants: ['look: !isPaged(step) → false'],
    reason: 'Only a step that has pages answers with a next page.',
  },
  {
    path: 'engine/job/advance.ts',
    mutants: ['remaining: isPaged(cursor) ? steps.indexOf(cursor) : 0 → steps.indexOf(cursor)'],
    reason: 'A cursor that is not a step is not found: every step then comes after it.',
  },
  {
    path: 'engine/job/auth-error.ts',
    mutants: ['requireLauncher: origin?.try: no ?'],
    reason: 'The row of a job is never deleted.',
  },
  {
    path: 'engine/job/birth.ts',
    mutants: ['createJob: born === undefined → false'],
    reason: 'A row whose insertion was refused exists, and is never deleted.',
  },
  {
    path: 'engine/job/birth.ts',
    mutants: ['saveSpec: !isHash(there) || there.digest !== row.digest → there.digest !== row.digest'],
    reason: 'A specification that is there is always a hash.',
  },
  {
    path: 'engine/job/birth.ts',
    mutants: [
      'answerAgain: plan.memberOf?.parent: no ?',
      'answerAgain: plan.memberOf?.parent ?? plan.id → plan.memberOf?.parent',
    ],
    reason: 'Only members get a tombstone.',
  },
  {
    path: 'engine/job/check-worker.ts',
    mutants: [
      "isOverdue: state !== 'running' || startedRunning === undefined → state !== 'running'",
      "isOverdue: state !== 'running' || startedRunning === undefined || timeoutMs === undefined → state !== 'running' || startedRunning === undefined",
    ],
    reason: 'A comparison with an undefined limit is false.',
  },
  {
    path: 'engine/job/check-worker.ts',
    mutants: ['endOverdue: row.timeoutMs ?? 0 → row.timeoutMs'],
    reason: 'A job is overdue only with a limit.',
  },
  {
    path: 'engine/job/check-worker.ts',
    mutants: ["awaitStop: row.failureMessage ?? 'the job was ended' → row.failureMessage"],
    reason: 'A terminating job has a failure message.',
  },
  {
    path: 'engine/job/circle.ts',
    mutants: [
      'findCircle: visited[index]?.first: no ?',
      'findCircle: first !== undefined && !seen.has(id) → !seen.has(id)',
    ],
    reason: 'The lists are parallel, so each entry has its first job.',
  },
  {
    path: 'engine/job/circle.ts',
    mutants: [
      'findCircle: row === undefined || first === undefined → row === undefined',
      'findCircle: row === undefined || first === undefined → first === undefined',
    ],
    reason: 'Exactly the rows that exist have a first job.',
  },
  {
    path: 'engine/job/circle.ts',
    mutants: ["loadAwaited: one.kind === 'execution' && isId(one.execution, 'job') → isId(one.execution, 'job')"],
    reason: 'A wait for an object has no execution.',
  },
  {
    path: 'engine/job/claim.ts',
    mutants: ['take: root ?? row → root'],
    reason: 'The root of a job has a row, which is never deleted.',
  },
  {
    path: 'engine/job/destroy-workspace.ts',
    mutants: [
      'keepsWorkspace: !spec.delayWorkspaceDestruction || context.now() >= keptUntil → context.now() >= keptUntil',
    ],
    reason: 'Without a delay, the workspace is kept until the end of the job, which is over.',
  },
  {
    path: 'engine/job/doom.ts',
    mutants: ['end: (await loadJob(context, row.pk)) ?? row → await loadJob(context, row.pk)'],
    reason: 'The row of a job is never deleted.',
  },
  {
    path: 'engine/job/end-root.ts',
    mutants: [
      'endFromRoot: cause → nothing',
      'endFromRoot: scope → nothing',
      'endFromRoot: (await loadDoom(context, root)) ?? { cause, scope } → await loadDoom(context, root)',
    ],
    reason: 'The flag that was just written can be read.',
  },
  {
    path: 'engine/job/end-root.ts',
    mutants: [
      "goOnEnding: isId(root, 'job') ? await loadJob(context, root) : undefined → await loadJob(context, root)",
    ],
    reason: 'Only jobs exist: an id of another class has no row of a job.',
  },
  {
    path: 'engine/job/end-tree.ts',
    mutants: ['endTree: origin !== undefined → true'],
    reason: 'The row of an origin job is never deleted.',
  },
  {
    path: 'engine/job/end-tree.ts',
    mutants: [
      "failByDependency: isId(execution, 'job') ? await loadJob(context, execution) : undefined → await loadJob(context, execution)",
    ],
    reason: 'Only jobs exist: an id of another class has no row of a job.',
  },
  {
    path: 'engine/job/end-tree.ts',
    mutants: ['failByDependency: ended !== undefined → true'],
    reason: 'The flag is on the tree of the waiting job, so that job ends.',
  },
  {
    path: 'engine/job/end-tree.ts',
    mutants: [
      "doomOfEnded: 'JMInternalError' → ''",
      "doomOfEnded: '' → 'mutant'",
      'doomOfEnded: doom === undefined → false',
    ],
    reason: 'A failed job has a reason and a message, and the flag that was just written can be read.',
  },
  {
    path: 'engine/job/end-try.ts',
    mutants: ['findRestart: job?.try: no ?', 'restart: again?.state: no ?', 'restart: found !== undefined → true'],
    reason: 'The row of a job is never deleted.',
  },
  {
    path: 'engine/job/end-try.ts',
    mutants: ['loadRestarting: row && expectJob(row) → row', 'loadRestarting: row && expectJob(row) → expectJob(row)'],
    reason: 'Only jobs exist: an id of another class has no row of a job.',
  },
  {
    path: 'engine/job/end-try.ts',
    mutants: ['restart: doom === undefined → false'],
    reason: 'The flag that was just written can be read.',
  },
  {
    path: 'engine/job/finish.ts',
    mutants: ['end: (await loadJob(context, row.pk)) ?? row → await loadJob(context, row.pk)'],
    reason: 'The row of a job is never deleted.',
  },
  {
    path: 'engine/job/heartbeat.ts',
    mutants: ['heartbeat: limit !== undefined && now >= limit → now >= limit'],
    reason: 'A comparison with an undefined limit is false.',
  },
  {
    path: 'engine/job/input.ts',
    mutants: ["advanceInput: typeof row.cursor === 'number' ? row.cursor : undefined → row.cursor"],
    reason: 'A job that waits for its input has a number as its cursor, or none.',
  },
  {
    path: 'engine/job/input.ts',
    mutants: ["advanceInput: 'input' → '' (2)"],
    reason: 'The edge has another key, and wakes the job as well.',
  },
  {
    path: 'engine/job/input.ts',
    mutants: ["makeReady: 'problems' in plan || problems.length > 0 → problems.length > 0"],
    reason: 'The problems of the plan are among the problems. The first question is for the types.',
  },
  {
    path: 'engine/job/input.ts',
    mutants: ['placePins: moved.length === 0 → false'],
    reason: 'It only saves time: nothing is found and placed then.',
  },
  {
    path: 'engine/job/member.ts',
    mutants: ['memberWait: few: 1 → nothing', 'scopeWait: few: 1 → nothing'],
    reason: 'With a window of one there is one to choose from.',
  },
  {
    path: 'engine/job/member.ts',
    mutants: ['memberWait: every((job) => rows.has(job)): every as some'],
    reason: 'The rows of a page are all there, or none is.',
  },
  {
    path: 'engine/job/member.ts',
    mutants: ['scopeWait: from: undefined → nothing', 'scopeWait: next: undefined → nothing'],
    reason: 'It is undefined either way, and the type demands the word.',
  },
  {
    path: 'engine/job/member.ts',
    mutants: ["scopeWait: 'ready' → ''", "memberReadiness: 'ready' → ''"],
    reason: 'Whatever is neither `unready` nor a problem counts as ready, and the type demands the word.',
  },
  {
    path: 'engine/job/member.ts',
    mutants: [
      "jobsOf: one.kind === 'execution' && isId(one.execution, 'job') → one.kind === 'execution'",
      "jobsOf: one.kind === 'execution' && isId(one.execution, 'job') → isId(one.execution, 'job')",
      "jobsOf: one.kind === 'execution' && isId(one.execution, 'job') ? [one.execution] : [] → [one.execution]",
      "loadBelow: isId(scope.execution, 'job') ? [scope.execution] : [] → [scope.execution]",
    ],
    reason: 'Members are jobs, and only jobs are masters.',
  },
  {
    path: 'engine/job/member.ts',
    mutants: ['hasEnded: row !== undefined && isTerminal(row.state) → isTerminal(row.state)'],
    reason: 'A member without a row has got a tombstone before.',
  },
  {
    path: 'engine/job/member.ts',
    mutants: ['loadBelow: some(({ next }) => next !== undefined): some as every'],
    reason: 'A page that is not the last is full, so with the job that made these members they are too many anyway.',
  },
  {
    path: 'engine/job/member.ts',
    mutants: ['buryUnborn: born === undefined → false'],
    reason: 'A row whose insertion was refused exists, and is never deleted.',
  },
  {
    path: 'engine/job/output.ts',
    mutants: ["advanceOutput: typeof row.cursor === 'string' ? row.cursor : undefined → row.cursor"],
    reason: 'A job that waits for its output has a text as its cursor, or none.',
  },
  {
    path: 'engine/job/output.ts',
    mutants: ["advanceOutput: 'output' → '' (2)"],
    reason: 'The edge has another key, and wakes the job as well.',
  },
  {
    path: 'engine/job/output.ts',
    mutants: ['completeAtOnce: job?.state: no ?', 'loadPlan: one?.state: no ?'],
    reason: 'A reference to a job without a row, or to an object that was not found, has been refused before.',
  },
  {
    path: 'engine/job/output.ts',
    mutants: ['handOver: again?.state: no ?'],
    reason: 'The row of a job is never deleted.',
  },
  {
    path: 'engine/job/output.ts',
    mutants: ['saveProgress: cursor === undefined || cursor === row.cursor → cursor === row.cursor'],
    reason: 'A wait that has no position yet began without one.',
  },
  {
    path: 'engine/job/take-back.ts',
    mutants: ['takeBackIfEnded: isMaster(row) && (await hasEnded(context, row)) → await hasEnded(context, row)'],
    reason: 'It only saves time: a subjob places nothing, so nothing names it.',
  },
  {
    path: 'engine/job/take-back.ts',
    mutants: ['hasEnded: now?.try: no ?'],
    reason: 'The row of a job is never deleted.',
  },
  {
    path: 'engine/job/reader.ts',
    mutants: ["inputSight: isId(spec.detachedFrom, 'job') ? spec.detachedFrom : undefined → spec.detachedFrom"],
    reason: 'Only jobs exist: no run is detached from an analysis.',
  },
  {
    path: 'engine/job/reader.ts',
    mutants: ["inputSight: tokenHash: '' → nothing"],
    reason: 'What a caller sees does not depend on it, and the type demands it.',
  },
  {
    path: 'engine/job/referenced.ts',
    mutants: ['loadReferenced: object === undefined || placement === undefined → placement === undefined'],
    reason: 'An object that is gone has no placement.',
  },
];
