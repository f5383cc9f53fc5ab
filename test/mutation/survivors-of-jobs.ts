// The mutants of engine/job that no test kills, each with its reason.

import type { Survivors } from './survivor.ts';

export const survivorsOfJobs: readonly Survivors[] = [
  {
    path: 'engine/advance.ts',
    mutants: [
      'onExecutionChange: true → false',
      'onExecutionChange: row === undefined || row.tombstone === true → row === undefined',
    ],
    reason: 'A tombstone is in a state of the end and has no due time, so it calls for no step anyway.',
  },
  {
    path: 'engine/advance.ts',
    mutants: ['onExecutionChangeOrLater: !isExecutionId(after.pk) → false'],
    reason: 'A record that is not of an execution calls for nothing, so its look cannot fail.',
  },
  {
    path: 'engine/advance.ts',
    mutants: [
      'lookOnce: entered !== undefined && row.state === entered.state && row.try === entered.try → entered !== undefined && row.state === entered.state',
    ],
    reason: 'The states before a next try are others, so a row in the same state is in the same try.',
  },
  {
    path: 'engine/advance.ts',
    mutants: ["resume: 'woken' → ''"],
    reason: 'The states that take messages have no step for woken rows alone.',
  },
  {
    path: 'engine/advance.ts',
    mutants: ['look: !isPaged(step) → false'],
    reason: 'Only a step that has pages answers with a next page.',
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
    path: 'engine/job/doom.ts',
    mutants: ['doomScope: doom === undefined → false'],
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
    mutants: ["doomOfEnded: 'JMInternalError' → ''", "doomOfEnded: '' → 'mutant'"],
    reason: 'A failed job has a reason and a message.',
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
  {
    path: 'engine/job/keep-input.ts',
    mutants: [
      'planKeptInput: last === undefined ? undefined : await loadKeptInput(context, row, spec, last) → await loadKeptInput(context, row, spec, last)',
    ],
    reason: 'The row of a try is stored before the next one begins.',
  },
  {
    path: 'engine/job/keep-input.ts',
    mutants: ['planKeptInput: filter((object) => !known.includes(object)): no filter'],
    reason: 'An object that the input links to is then looked for twice, and found as before.',
  },
  {
    path: 'engine/job/keep-input.ts',
    mutants: ['planKeptInput: input → nothing'],
    reason: 'Without a specification the input is not checked, and without references it is not stored.',
  },
  {
    path: 'engine/job/keep-input.ts',
    mutants: ['loadKeptInput: isHash(stored) ? stored : undefined → stored'],
    reason: 'A stored input is a hash.',
  },
  {
    path: 'engine/job/refusal.ts',
    mutants: ['lastingRefusal: error instanceof ApiError && lasting.has(error.type) → lasting.has(error.type)'],
    reason: 'Only an ApiError has one of these types.',
  },
  {
    path: 'engine/job/keep-input.ts',
    mutants: ['planKeptInput: originalInput: {} → nothing'],
    reason: 'Neither refers to another job, and the type demands it.',
  },
  {
    path: 'engine/job/destroy-workspace.ts',
    mutants: ["destroyWorkspace: 'ahead' → ''", "destroyNext: 'ahead' → ''"],
    reason: 'Only the words `first` and `last` are asked for.',
  },
  {
    path: 'engine/job/last-pass.ts',
    mutants: ['lastPass: again?.dueAt: no ?'],
    reason: 'The row of a job is never deleted.',
  },
  {
    path: 'engine/job/last-pass.ts',
    mutants: ['lastPass: next: undefined → nothing'],
    reason: 'It is undefined either way, and the type demands the word.',
  },
  {
    path: 'engine/job/last-pass.ts',
    mutants: ["readPosition: '0' → ''"],
    reason: 'A text always has a first part.',
  },
  {
    path: 'engine/job/input.ts',
    mutants: [
      'placePins: moved.length === 0 ? [] : await placeMoved(context, row, spec, moved) → await placeMoved(context, row, spec, moved)',
    ],
    reason: 'It only saves time: nothing is found and placed then.',
  },
  {
    path: 'engine/job/input.ts',
    mutants: ['makeReady: again?.state: no ?'],
    reason: 'The row of a job is never deleted.',
  },
  {
    path: 'engine/advance.ts',
    mutants: ['settle: again?.dueAt: no ?'],
    reason: 'The row of a job is never deleted.',
  },
  {
    path: 'engine/advance.ts',
    mutants: ["positionOf: '' → 'mutant'"],
    reason: 'A text always has a first part.',
  },
  {
    path: 'engine/advance.ts',
    mutants: [
      'positionOf: isPaged(step) ? { step, after: cursor.slice(step.length + 1) || undefined } : un… → { step, after: cursor.slice(step.length + 1) || undefined }',
    ],
    reason: 'A position in no step leaves out none of the steps.',
  },
  {
    path: 'engine/job/take-back.ts',
    mutants: [
      'keepCompanions: !isHash(body) || objects.length === placedObjects(body).length → objects.length === placedObjects(body).length',
    ],
    reason: 'A body that names objects is a hash. The first question is for the types.',
  },
  {
    path: 'engine/terminate.ts',
    mutants: [
      "terminateTree: !isTerminal(ended.state) && ended.state !== 'terminating' → ended.state !== 'terminating'",
    ],
    reason: 'It only saves time: nothing changes in a tree that has ended.',
  },
];
