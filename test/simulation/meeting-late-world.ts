// Further worlds of meeting.test.ts: trees of more than one page, messages that come late, a worker that dies with its
// job, and a restart that finds its workspace filled.

import { readLineageEntry } from '../../core/execution/scope.ts';
import { type JobRow, jobWorker, jobWorkspace, ownName } from '../../core/job/row.ts';
import { jobKey } from '../../core/row/execution/job.ts';
import { doomRow } from '../../core/row/execution/tree.ts';
import { placementKey } from '../../core/row/objects.ts';
import { messageVersion } from '../../core/work/message.ts';
import { claim } from '../../engine/job/claim.ts';
import { finish } from '../../engine/job/finish.ts';
import { loadMembers } from '../../engine/job/member.ts';
import { sweepExecution } from '../../engine/sweep.ts';
import { doWork } from '../../engine/work.ts';
import type { MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { ended } from '../memory/workers.ts';
import {
  givenOrigin,
  givenRecord,
  ignoreRefusal,
  meet,
  type Planted,
  recordId,
  reporter,
  runningAs,
  terminator,
} from './meeting.ts';
import type { World } from './replay.ts';
import { givenJob, peek } from './world.ts';

/** C, which stands on the second page of its tree, reports while a user terminates the tree. */
export function secondPage(planted?: Planted): Promise<World> {
  return meet(['o', lastOfPages], planted, async (context) => {
    const origin = await givenOrigin(context);
    const child = await givenPages(context, origin);
    return {
      actors: [reporter(context, child), terminator(context)],
      mailFrom: ['o'],
      ends: [new RegExp(`^o terminated/Terminated#0, ${lastOfPages} (done|terminated/Terminated)#0$`)],
    };
  });
}

/**
 * O has given its try up, and the message for the second page of what is below it is under way. A user terminates the
 * tree. The message comes at any time, also when the tree has ended.
 */
export function lateMessage(planted?: Planted, heard: readonly string[] = []): Promise<World> {
  return meet(['o', lastOfPages], planted, async (context) => {
    const transitions: JobRow['transitions'] = [['restartable', 0]];
    const at = { ...runningAs(context, 'o'), state: 'restartable', transitions } as const;
    const origin = await givenJob(context, 'o', { at });
    context.workers.states.set('task of o', ended('lost'));
    await givenRecord(context, origin, 'r');
    await givenPages(context, origin);
    const cause = {
      kind: 'restart',
      execution: origin.pk,
      try: 0,
      reason: 'UnresponsiveWorker',
      message: '',
    } as const;
    await context.rows.put('executions', doomRow(origin.pk, readLineageEntry(ownName(origin)), cause, 0));
    const { next: after } = await loadMembers(context, origin.pk, { limit: pageSize });
    const position = { state: 'restartable', step: 'endDescendants', after } as const;
    const message = { v: messageVersion, kind: 'resume', execution: origin.pk, try: 0, ...position };
    return {
      actors: [{ name: 'late message', run: () => doWork(context, message) }, terminator(context)],
      mailFrom: heard,
      ends: [new RegExp(`^o terminated/Terminated#0, ${lastOfPages} terminated/Terminated#0$`)],
    };
  });
}

/** The worker of J claims it and reports, and nothing else is heard of it. It may die after any of its writes. */
export function deadWorker(planted?: Planted): Promise<World> {
  return meet(['o', 'j'], planted, async (context) => {
    const origin = await givenOrigin(context);
    const row = await givenJob(context, 'j', { parent: origin, at: { state: 'runnable' } });
    const live = async () => {
      const task = 'task of j';
      const nonce = await context.seals.seal('boot', jobWorker(row));
      const claimed = await claim(context, { job: row.pk, try: 0, launch: 0, nonce, task }).catch(ignoreRefusal);
      if (claimed !== undefined) await finish(context, claimed.row, { output: {} }).catch(ignoreRefusal);
    };
    return {
      actors: [
        { name: 'machine of j', run: live },
        { name: 'sweep of j', run: () => sweepExecution(context, row.pk) },
      ],
      mailFrom: ['j'],
      ends: [/^o done#0, j done#0$/, /^o done#1, j failed\/UnresponsiveWorker#0$/],
    };
  });
}

/** The host of J, a subjob that restarts alone, is lost. What it made is in the workspace, and K, its child, reports. */
export function filledWorkspace(planted?: Planted, heard: readonly string[] = []): Promise<World> {
  return meet(['o', 'j', 'k'], planted, async (context) => {
    const origin = await givenOrigin(context);
    const spec = { restartableEntryPoints: 'all' } as const;
    const row = await givenJob(context, 'j', { parent: origin, spec, at: runningAs(context, 'j') });
    const child = await givenJob(context, 'k', {
      parent: row,
      parentRestartsAlone: true,
      at: runningAs(context, 'k'),
    });
    await givenRecord(context, row, 'r');
    context.workers.states.set('task of j', ended('lost'));
    const placement = placementKey(recordId('r'), jobWorkspace(origin));
    return {
      actors: [{ name: 'look at j', run: () => sweepExecution(context, row.pk) }, reporter(context, child)],
      mailFrom: heard,
      rule: () => {
        const isThere = context.rows.peek('objects', placement) !== undefined;
        return isThere || peek(context, origin.pk)?.state === 'done' ? undefined : 'r is gone before o is done';
      },
      sees: ({ table, before, after }) => {
        if (after?.pk === origin.pk && before?.state !== after.state) return [{ key: 'rule', writes: false }];
        return table === 'objects' && after === undefined ? [{ key: 'rule', writes: true }] : [];
      },
      ends: [/^o done#0, j done#1, k (done|terminated\/UnresponsiveWorker|terminated\/Terminated)#0$/],
    };
  });
}

/** Children that are done, as many as a page holds, and behind them one that runs. */
async function givenPages(context: MemoryContext, parent: JobRow): Promise<JobRow> {
  for (const name of pageNames) {
    const at: Partial<JobRow> = name === lastOfPages ? runningAs(context, name) : { state: 'done' };
    const { pk } = await givenJob(context, name, { parent, at });
    // The others have settled.
    if (name !== lastOfPages) await context.rows.update('executions', jobKey(pk), { remove: ['dueAt', 'openShard'] });
  }
  return peek(context, jobId(lastOfPages)) as JobRow;
}

/** The members of a page (engine/job/doom.ts). */
const pageSize = 25;
const pageNames = Array.from({ length: pageSize + 1 }, (_, index) => `c${index}`);
/** Members are read in the order of their ids. */
const lastOfPages = pageNames.toSorted((one, other) => (jobId(one) < jobId(other) ? -1 : 1)).at(-1) as string;
