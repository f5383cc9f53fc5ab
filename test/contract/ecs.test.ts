// Tests what the product assumes of Amazon ECS on Fargate, through the SDK. Only our engine runs tasks on this machine.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeTasksCommand,
  ECSClient,
  RunTaskCommand,
  type RunTaskCommandInput,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createEcs } from '../../emulation/cloud/ecs/ecs.ts';
import { openDatabase } from '../../emulation/cloud/wire/transaction.ts';
import { contractRegion } from './endpoint.ts';
import { cluster, type OurEcs, scriptDriver, slotCount, startOurs } from './engine/ecs.ts';

const deadlineMs = 20_000;
const pollMs = 10;

let ours: OurEcs;
let client: ECSClient;

beforeAll(async () => {
  ours = await startOurs();
  client = new ECSClient({ region: contractRegion, endpoint: ours.endpoint, credentials: ours.credentials });
});
afterEach(() => {
  ours.lines.length = 0;
});
afterAll(async () => {
  client.destroy();
  await ours.close();
});

const runTask = (script: string, more: Partial<RunTaskCommandInput> = {}) =>
  client.send(
    new RunTaskCommand({
      cluster,
      taskDefinition: 'worker',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
      overrides: { containerOverrides: [{ name: 'worker', environment: [{ name: 'SCRIPT', value: script }] }] },
      ...more,
    }),
  );

async function givenTask(script: string, more: Partial<RunTaskCommandInput> = {}): Promise<string> {
  const { tasks, failures } = await runTask(script, more);
  expect(failures).toEqual([]);
  return tasks?.[0]?.taskArn ?? '';
}

const describeTask = async (taskArn: string) =>
  (await client.send(new DescribeTasksCommand({ cluster, tasks: [taskArn], include: ['TAGS'] }))).tasks?.[0];

async function eventually<Value>(look: () => Value | undefined | Promise<Value | undefined>): Promise<Value> {
  for (const deadline = Date.now() + deadlineMs; ; ) {
    const value = await look();
    if (value) return value;
    if (Date.now() > deadline) throw new Error('It did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

const whenStopped = (taskArn: string) =>
  eventually(async () => {
    const task = await describeTask(taskArn);
    return task?.lastStatus === 'STOPPED' ? task : undefined;
  });

const whenLine = (start: string) => eventually(() => ours.lines.find((line) => line.startsWith(start)));

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (error: Error) => `${error.name}: ${error.message}`,
  );

/** Whether a process runs. A zombie does not count. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}

/** A script that starts a process in a session of its own, which could outlive it, and prints its id. */
const strayProgram = `import('node:child_process').then(({ spawn }) => {
  const stray = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
  stray.unref();
  console.log('stray ' + stray.pid);
})`;

describe('a task', () => {
  it('runs, writes its lines and stops with its exit code', async () => {
    const taskArn = await givenTask("console.log('out'); console.error('err'); process.exitCode = 3", {
      ...{ group: 'worker:x', startedBy: 'me', tags: [{ key: 'job', value: 'j' }] },
    });
    expect(taskArn).toMatch(/^arn:aws:ecs:us-east-1:000000000000:task\/workers\/[0-9a-f]{32}$/);
    const task = await whenStopped(taskArn);
    expect(task).toMatchObject({
      ...{ stopCode: 'EssentialContainerExited', stoppedReason: 'Essential container in task exited' },
      ...{ group: 'worker:x', startedBy: 'me', tags: [{ key: 'job', value: 'j' }], desiredStatus: 'STOPPED' },
      containers: [{ name: 'worker', exitCode: 3, lastStatus: 'STOPPED' }],
    });
    expect(task.stoppedAt).toBeInstanceOf(Date);
    expect([...ours.lines].sort()).toEqual(['err', 'out']);
    const statuses = await eventually(() => {
      const found = ours.events.map(({ detail }) => detail as Record<string, unknown>);
      const own = found.filter((detail) => detail.taskArn === taskArn).map(({ lastStatus }) => lastStatus);
      return own.includes('STOPPED') ? own : undefined;
    });
    expect(statuses).toEqual(['PROVISIONING', 'RUNNING', 'STOPPED']);
  });
  it('sees the variables of its definition and override, and not those of the platform', async () => {
    process.env.PLATFORM_SECRET = 'secret';
    await whenStopped(await givenTask('console.log(JSON.stringify(process.env))'));
    const seen = JSON.parse(ours.lines[0] ?? '{}') as Record<string, string>;
    expect(seen.FROM_DEFINITION).toBe('d');
    expect(Object.keys(seen)).not.toContain('PLATFORM_SECRET');
    delete process.env.PLATFORM_SECRET;
  });
  it('gets its ARN from its own path of the metadata endpoint only', async () => {
    const script = `fetch(process.env.ECS_CONTAINER_METADATA_URI_V4 + '/task').then((r) => r.json()).then((t) =>
      fetch(new URL('/v4/other/task', process.env.ECS_CONTAINER_METADATA_URI_V4)).then((r) =>
        console.log(t.TaskARN, t.Cluster, r.status)))`;
    const taskArn = await givenTask(script);
    await whenStopped(taskArn);
    expect(ours.lines).toEqual([`${taskArn} arn:aws:ecs:us-east-1:000000000000:cluster/workers 404`]);
  });
  it('is STOPPED only when the processes that it started have ended', async () => {
    const taskArn = await givenTask(strayProgram);
    await whenStopped(taskArn);
    const pid = Number((await whenLine('stray ')).split(' ')[1]);
    expect(isAlive(pid)).toBe(false);
  });
  it('gets SIGTERM when it is stopped', async () => {
    const taskArn = await givenTask(
      "process.on('SIGTERM', () => process.exit(7)); console.log('up'); setInterval(() => {}, 1e4)",
    );
    await whenLine('up');
    await client.send(new StopTaskCommand({ cluster, task: taskArn, reason: 'enough' }));
    const task = await whenStopped(taskArn);
    expect(task).toMatchObject({ stopCode: 'UserInitiated', stoppedReason: 'enough', containers: [{ exitCode: 7 }] });
  });
  it('is killed after the stop timeout if it has not ended', async () => {
    const taskArn = await givenTask("process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1e4)");
    await whenLine('up');
    await client.send(new StopTaskCommand({ cluster, task: taskArn }));
    expect((await whenStopped(taskArn)).containers).toMatchObject([{ exitCode: 137 }]);
  });
  it('is not started again when RunTask is repeated with its client token', async () => {
    const first = await givenTask('1', { clientToken: 'token' });
    expect(await givenTask('1', { clientToken: 'token' })).toBe(first);
    await whenStopped(first);
    expect(await givenTask('1', { clientToken: 'token' })).toBe(first);
  });
});

/** Finds our process that starts the tasks. */
function findLauncher(): number {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ');
  const found = children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('process-launcher'));
  expect(found).toHaveLength(1);
  return Number(found[0]);
}

describe('when the process that starts tasks is killed', () => {
  it('its tasks end with all their processes, and the next task runs', async () => {
    const taskArn = await givenTask(`console.log('pid ' + process.pid); setInterval(() => {}, 1e4); ${strayProgram}`);
    const pids = [await whenLine('pid '), await whenLine('stray ')].map((line) => Number(line.split(' ')[1]));
    process.kill(findLauncher(), 'SIGKILL');
    const task = await whenStopped(taskArn);
    expect(task).toMatchObject({ stopCode: 'EssentialContainerExited', containers: [{ exitCode: 137 }] });
    expect(pids.map(isAlive)).toEqual([false, false]);
    const next = await whenStopped(await givenTask('process.exitCode = 5'));
    expect(next.containers).toMatchObject([{ exitCode: 5 }]);
  });
});

describe('RunTask', () => {
  it('answers with a failure when all slots are taken', async () => {
    const hold = 'setInterval(() => {}, 1e4)';
    const held = await Promise.all(Array.from({ length: slotCount }, () => givenTask(hold)));
    expect(ours.ecs.tasks.free()).toBe(0);
    expect(await runTask(hold)).toMatchObject({ tasks: [], failures: [{ reason: 'RESOURCE:CPU' }] });
    for (const task of held) await client.send(new StopTaskCommand({ cluster, task }));
    await Promise.all(held.map(whenStopped));
    expect(ours.ecs.tasks.free()).toBe(slotCount);
  });
  it('refuses the requests that Fargate refuses', async () => {
    const environment = [{ name: 'X', value: 'x'.repeat(8192) }];
    const refusals = await Promise.all([
      refusal(runTask('1', { cluster: 'none' })),
      refusal(runTask('1', { taskDefinition: 'none' })),
      refusal(runTask('1', { taskDefinition: 'worker:99' })),
      refusal(runTask('1', { networkConfiguration: undefined })),
      // A session needs a task role, and this definition has none.
      refusal(runTask('1', { enableExecuteCommand: true })),
      refusal(runTask('1', { overrides: { containerOverrides: [{ name: 'other' }] } })),
      refusal(runTask('1', { overrides: { containerOverrides: [{ name: 'worker', environment }] } })),
      refusal(runTask('1', { overrides: { cpu: '256', memory: '4096' } })),
      refusal(runTask('1', { overrides: { ephemeralStorage: { sizeInGiB: 20 } } })),
      refusal(runTask('1', { overrides: { ephemeralStorage: { sizeInGiB: 201 } } })),
      refusal(runTask('1', { capacityProviderStrategy: [{ capacityProvider: 'MINE' }] })),
      refusal(runTask('1', { launchType: 'FARGATE', capacityProviderStrategy: [{ capacityProvider: 'FARGATE' }] })),
      refusal(client.send(new StopTaskCommand({ cluster, task: 'f'.repeat(32) }))),
    ]);
    expect(refusals.map((each) => each.split(':')[0])).toEqual([
      'ClusterNotFoundException',
      ...Array(6).fill('InvalidParameterException'),
      'ClientException',
      ...Array(5).fill('InvalidParameterException'),
    ]);
  });
  it('and DescribeTasks: an unknown task is listed as MISSING', async () => {
    const arn = `arn:aws:ecs:us-east-1:000000000000:task/workers/${'0'.repeat(32)}`;
    const answer = await client.send(new DescribeTasksCommand({ cluster, tasks: [arn] }));
    expect(answer).toMatchObject({ tasks: [], failures: [{ arn, reason: 'MISSING' }] });
  });
});

describe('when the platform is killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ecs-'));
  const started: ChildProcess[] = [];
  afterAll(() => {
    for (const child of started) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  /** A platform in a process of its own that runs the script as a task, and a reader of their printed lines. */
  function givenHost(name: string, script: string) {
    const host = spawn(
      process.execPath,
      [join(import.meta.dirname, 'engine', 'ecs-host.ts'), join(folder, name), script],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    started.push(host);
    let printed = '';
    host.stdout?.on('data', (bytes: Buffer) => {
      printed += bytes.toString();
    });
    const told = (word: string) => eventually(() => new RegExp(`^${word} (.+)$`, 'm').exec(printed)?.[1]);
    return { host, told };
  }

  it('the task notices it by its lifeline', async () => {
    const script = `import('node:fs').then(({ createReadStream }) => {
      const lifeline = createReadStream('', { fd: Number(process.env.ESPALIER_LIFELINE_FD) });
      lifeline.on('end', () => process.exit()).resume();
      console.log('pid ' + process.pid);
      setInterval(() => {}, 1e4);
    })`;
    const { host, told } = givenHost('lifeline.sqlite', script);
    const pid = Number(await told('pid'));
    host.kill('SIGKILL');
    await eventually(() => !isAlive(pid));
  });

  it('the next one ends the processes of its tasks before it declares them lost, and no other processes', async () => {
    const script = `console.log('pid ' + process.pid); setInterval(() => {}, 1e4); ${strayProgram}`;
    const { host, told } = givenHost('lost.sqlite', script);
    const [taskArn, pid, stray] = [await told('task'), Number(await told('pid')), Number(await told('stray'))];
    const other = spawn('sleep', ['300'], { env: { ESPALIER_TASK_ID: 'f'.repeat(32) }, stdio: 'ignore' });
    started.push(other);
    host.kill('SIGKILL');
    await eventually(() => host.signalCode);
    expect([isAlive(pid), isAlive(stray)]).toEqual([true, true]);

    const database = openDatabase(join(folder, 'lost.sqlite'));
    const seen: unknown[] = [];
    const ecs = createEcs({
      ...{ database, now: Date.now, launch: scriptDriver(), slots: 1 },
      onStateChange: (event) =>
        void seen.push([(event as { detail: { lastStatus: string } }).detail.lastStatus, isAlive(stray)]),
    });
    ecs.createCluster(cluster);
    const waiting = ecs.tasks.wait(taskArn);
    await ecs.resume();
    const task = await waiting;
    expect(task).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'InfrastructureHealth' });
    expect(task.containers[0]?.exitCode).toBeUndefined();
    expect([isAlive(pid), isAlive(stray), isAlive(other.pid as number)]).toEqual([false, false, true]);
    await eventually(() => seen.some((entry) => String(entry) === 'STOPPED,false'));
    await ecs.close();
    database.close();
  });
});
