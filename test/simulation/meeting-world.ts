// The worlds of meeting.test.ts, one for each meeting of two actors. Each says which ends are allowed. The planted errors
// are in meeting-error.ts.

import { advance } from '../../engine/advance.ts';
import { heartbeat } from '../../engine/job/heartbeat.ts';
import { closeObject } from '../../engine/object/close.ts';
import { loadJob } from '../../engine/store/load-job.ts';
import { sweepExecution, sweepShards } from '../../engine/sweep.ts';
import { ended } from '../memory/workers.ts';
import {
  givenOrigin,
  givenRecord,
  meet,
  type Planted,
  recordId,
  reporter,
  runningAs,
  terminator,
  terminatorAnswer,
  workersFor,
} from './meeting.ts';
import type { Actor, World } from './replay.ts';
import { givenJob, peek } from './world.ts';

/** J needs a record that its parent closes while J is looked at. */
export function closedObject(planted?: Planted): Promise<World> {
  return meet(['o', 'j'], planted, async (context) => {
    const origin = await givenOrigin(context);
    await givenRecord(context, origin, 'r', 'open');
    const waits = [{ kind: 'object', object: recordId('r') }] as const;
    const waiter = await givenJob(context, 'j', { parent: origin, spec: { waits }, at: { state: 'idle' } });
    return {
      actors: [
        { name: 'birth of j', run: () => advance(context, waiter.pk) },
        { name: 'close', run: () => closeObject(context, recordId('r')) },
      ],
      mailFrom: [],
      rule: () => {
        const isOpen = context.rows.peek('objects', { pk: recordId('r'), sk: 'A' })?.state === 'open';
        return isOpen && peek(context, waiter.pk)?.state === 'runnable'
          ? 'j starts before the record is closed'
          : undefined;
      },
      sees: ({ after }) => {
        if (after?.pk === recordId('r') && after.sk === 'A') return [{ key: 'rule', writes: true }];
        return after?.state === 'runnable' ? [{ key: 'rule', writes: false }] : [];
      },
      ends: [/^o done#0, j done#0$/],
    };
  });
}

/** The output of M, a child master, is cloned while the tree is terminated and workspaces are emptied. */
export function clonedOutput(planted?: Planted): Promise<World> {
  return meet(['o', 'm'], planted, async (context) => {
    const origin = await givenOrigin(context);
    const master = await givenJob(context, 'm', { parent: origin, master: true, at: { state: 'waiting_on_output' } });
    await givenRecord(context, master, 'r');
    await context.bodies.save(master.pk, 'output', { output: { r: { $dnanexus_link: recordId('r') } } });
    return {
      actors: [{ name: 'look at m', run: () => advance(context, master.pk) }, terminator(context)],
      mailFrom: ['o'],
      ends: [/^o terminated\/Terminated#0, m (done#0|terminated\/Terminated#0)$/],
    };
  });
}

/** O finishes while M, its child master with a workspace of its own, finishes. */
export function childMaster(planted?: Planted): Promise<World> {
  return meet(['o', 'm'], planted, async (context) => {
    const origin = await givenJob(context, 'o', { at: runningAs(context, 'o') });
    const master = await givenJob(context, 'm', { parent: origin, master: true, at: runningAs(context, 'm') });
    return { actors: [reporter(context, origin), reporter(context, master)], ends: [/^o done#0, m done#0$/] };
  });
}

/** The output of J refers to K, which ends meanwhile. */
export function referredOutput(planted?: Planted): Promise<World> {
  return meet(['o', 'j', 'k'], planted, async (context) => {
    const origin = await givenOrigin(context);
    const giver = await givenJob(context, 'k', { parent: origin, at: runningAs(context, 'k') });
    const reader = await givenJob(context, 'j', { parent: origin, at: { state: 'waiting_on_output' } });
    const reference = { $dnanexus_link: { job: giver.pk, field: 'n' } };
    await context.bodies.save(reader.pk, 'output', { output: { n: reference } });
    return {
      actors: [
        { name: 'look at j', run: () => advance(context, reader.pk) },
        reporter(context, giver, { output: { n: 7 } }),
      ],
      mailFrom: ['k'],
      rule: () => {
        if (peek(context, reader.pk)?.state !== 'done') return undefined;
        const body = context.bodies.peek(reader.pk, 'output') as { output: { n: unknown } };
        return body.output.n === 7 ? undefined : `j is done with ${JSON.stringify(body.output)}`;
      },
      ends: [/^o done#0, j done#0, k done#0$/],
    };
  });
}

/** D, the root of another tree, needs F, which fails. */
export function outsideDependent(planted?: Planted): Promise<World> {
  return meet(['f', 'd'], planted, async (context) => {
    const needed = await givenJob(context, 'f', { at: runningAs(context, 'f') });
    const dependent = await givenJob(context, 'd', { dependsOn: [needed.pk], at: { state: 'idle' } });
    return {
      actors: [{ name: 'look at d', run: () => advance(context, dependent.pk) }, reporter(context, needed, appError)],
      ends: [/^f failed\/AppError#0, d failed\/DependencyUnsatisfiable#0$/],
    };
  });
}

/** A and B are children of O. A reports a failure while B reports an output. */
export function reportedFailure(planted?: Planted): Promise<World> {
  return meet(['o', 'a', 'b'], planted, async (context) => {
    const origin = await givenOrigin(context);
    const bad = await givenJob(context, 'a', { parent: origin, at: runningAs(context, 'a') });
    const good = await givenJob(context, 'b', { parent: origin, at: runningAs(context, 'b') });
    return {
      actors: [reporter(context, bad, appError), reporter(context, good)],
      mailFrom: ['a'],
      ends: [/^o failed\/JobTreeFailure<a#0, a failed\/AppError#0, b (done|failed\/JobTreeFailure<a)#0$/],
    };
  });
}

/** C beats while its tree is terminated. A beat after the answer of the call learns that it must stop. */
export function heartbeats(planted?: Planted): Promise<World> {
  return meet(['o', 'c'], planted, async (context) => {
    const origin = await givenOrigin(context);
    const child = await givenJob(context, 'c', { parent: origin, at: runningAs(context, 'c') });
    let wentOn = false;
    const beat = async () => {
      const answered = (await context.workers.state(terminatorAnswer)) !== undefined;
      const row = (await loadJob(context, child.pk)) ?? child;
      const { stop } = await heartbeat(context, row);
      wentOn ||= answered && stop === undefined;
      if (stop !== undefined) await context.workers.report(String(child.task), ended('exited'));
    };
    return {
      actors: [{ name: 'worker beats', run: beat }, terminator(context)],
      isPure: false,
      mailFrom: [],
      rule: () => (wentOn ? 'c may go on after its tree was terminated' : undefined),
      ends: [/^o terminated\/Terminated#0, c terminated\/Terminated#0$/],
    };
  });
}

/** The lease of J has ended. The sweep stops its worker while it beats again and reports. */
export function silentWorker(planted?: Planted, heard: readonly string[] = []): Promise<World> {
  return meet(['o', 'j'], planted, async (context) => {
    const origin = await givenOrigin(context);
    const leaseUntil = context.clock.now - 1;
    const row = await givenJob(context, 'j', { parent: origin, at: runningAs(context, 'j', { leaseUntil }) });
    const wake = async () => {
      const { stop } = await heartbeat(context, row);
      if (stop === undefined) await reporter(context, row).run();
    };
    return {
      actors: [
        { name: 'sweep of j', run: () => sweepExecution(context, row.pk) },
        { name: 'worker of j', run: wake },
      ],
      mailFrom: heard,
      spawn: () => workersFor(context, ['o']),
      ends: [/^o done#0, j done#0$/, /^o done#1, j (done|failed\/UnresponsiveWorker|terminated\/Terminated)#0$/],
    };
  });
}

/** J has run longer than it may. The sweep ends it while its worker learns of it and reports. */
export function timeLimit(planted?: Planted, heard: readonly string[] = []): Promise<World> {
  return meet(['o', 'j'], planted, async (context) => {
    const origin = await givenOrigin(context);
    const at = { timeoutMs: 1, startedRunning: context.clock.now - 1_000_000 };
    const row = await givenJob(context, 'j', { parent: origin, at: runningAs(context, 'j', at) });
    const beat = async () => {
      const { stop } = await heartbeat(context, (await loadJob(context, row.pk)) ?? row);
      if (stop === undefined) return;
      const failure = { type: stop.reason, message: stop.message };
      await reporter(context, row, { failure }).run();
    };
    return {
      actors: [
        { name: 'sweep of j', run: () => sweepExecution(context, row.pk) },
        { name: 'worker of j', run: beat },
      ],
      mailFrom: heard,
      ends: [/^o failed\/JobTreeFailure<j#0, j failed\/JobTimeoutExceeded#0$/],
    };
  });
}

/** A user terminates a tree while its origin runs and a child reports. */
export function terminatedTree(planted?: Planted): Promise<World> {
  return meet(['o', 'c'], planted, async (context) => {
    const origin = await givenJob(context, 'o', { at: runningAs(context, 'o') });
    const child = await givenJob(context, 'c', { parent: origin, at: runningAs(context, 'c') });
    return {
      actors: [reporter(context, child), terminator(context)],
      mailFrom: ['o'],
      ends: [/^o terminated\/Terminated#0, c (done|terminated\/Terminated)#0$/],
    };
  });
}

/** A user terminates a tree whose origin gives up its try, because the host of a child was lost. */
export function terminatedRestart(planted?: Planted, heard: readonly string[] = []): Promise<World> {
  return meet(['o', 'c'], planted, async (context) => {
    const origin = await givenJob(context, 'o', { at: runningAs(context, 'o') });
    const lost = await givenJob(context, 'c', { parent: origin, at: runningAs(context, 'c') });
    context.workers.states.set('task of c', ended('lost'));
    return {
      actors: [{ name: 'look at c', run: () => sweepExecution(context, lost.pk) }, terminator(context)],
      mailFrom: heard,
      ends: [/^o terminated\/Terminated#[01], c (failed\/UnresponsiveWorker|terminated\/Terminated)#0$/],
    };
  });
}

/** The hosts of both children of M are lost at once. */
export function twoRestarts(planted?: Planted, heard: readonly string[] = []): Promise<World> {
  return meet(['m', 'a', 'b'], planted, async (context) => {
    const master = await givenJob(context, 'm', { at: runningAs(context, 'm') });
    const looks: Actor[] = [];
    for (const name of ['a', 'b']) {
      const { pk } = await givenJob(context, name, { parent: master, at: runningAs(context, name) });
      context.workers.states.set(`task of ${name}`, ended('lost'));
      looks.push({ name: `look at ${name}`, run: () => sweepExecution(context, pk) });
    }
    return {
      actors: looks,
      mailFrom: heard,
      spawn: () => workersFor(context, ['m']),
      ends: [
        /^m done#1, a failed\/UnresponsiveWorker#0, b (failed\/UnresponsiveWorker|terminated\/Terminated)#0$/,
        /^m done#1, a terminated\/Terminated#0, b failed\/UnresponsiveWorker#0$/,
      ],
    };
  });
}

/** The machine of J is lost while its worker reports. */
export function lostMachine(planted?: Planted): Promise<World> {
  return meet(['o', 'j'], planted, async (context) => {
    const origin = await givenOrigin(context);
    const row = await givenJob(context, 'j', { parent: origin, at: runningAs(context, 'j') });
    const end = async () => {
      await context.workers.report('task of j', ended('lost'));
      await sweepExecution(context, row.pk);
    };
    return {
      actors: [reporter(context, row), { name: 'machine of j', run: end }],
      mailFrom: ['o'],
      spawn: () => workersFor(context, ['o']),
      ends: [/^o done#0, j done#0$/, /^o done#1, j (done|failed\/UnresponsiveWorker|terminated\/Terminated)#0$/],
    };
  });
}

/** A whole sweep comes between the steps of J's report. */
export function interleavedSweep(planted?: Planted, heard: readonly string[] = []): Promise<World> {
  return meet(['o', 'j'], planted, async (context) => {
    const dueAt = context.clock.now - 1;
    const origin = await givenOrigin(context);
    const row = await givenJob(context, 'j', { parent: origin, at: { ...runningAs(context, 'j'), dueAt } });
    const limits = { jobCount: 100, until: Number.POSITIVE_INFINITY };
    return {
      actors: [reporter(context, row), { name: 'sweep', run: () => sweepShards(context, limits) }],
      mailFrom: heard,
      ends: [/^o done#0, j done#0$/],
    };
  });
}

const appError = { failure: { type: 'AppError', message: 'as planned' } } as const;
