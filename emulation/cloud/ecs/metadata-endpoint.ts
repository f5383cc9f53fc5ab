// The task metadata endpoint, version 4: a program asks it which task it runs in.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html

import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Task } from './task.ts';

export type MetadataEndpoint = {
  /** The container's own base URL, which cannot be guessed. The first call starts listening on 127.0.0.1. */
  urlFor(taskArn: string): Promise<string>;
  forget(taskArn: string): void;
  close(): Promise<void>;
};

export function createMetadataEndpoint(findTask: (taskArn: string) => Task | undefined): MetadataEndpoint {
  const paths = new Map<string, string>();
  let listening: Promise<Server> | undefined;
  const server = createServer((req, res) => {
    const [, path = '', what = ''] = /^\/v4\/([0-9a-f-]+)(\/task)?$/.exec(req.url ?? '') ?? [];
    const taskArn = [...paths].find(([, each]) => each === path)?.[0];
    const task = path && taskArn ? findTask(taskArn) : undefined;
    const body = JSON.stringify(task ? (what ? describeTask(task) : describeContainer(task)) : {});
    res.writeHead(task ? 200 : 404, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    res.end(body);
  });
  const listen = () =>
    new Promise<Server>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(server.unref()));
    });
  return {
    async urlFor(taskArn) {
      listening ??= listen();
      const { port } = (await listening).address() as AddressInfo;
      const path = paths.get(taskArn) ?? `${randomBytes(16).toString('hex')}-${randomBytes(4).readUInt32BE()}`;
      paths.set(taskArn, path);
      return `http://127.0.0.1:${port}/v4/${path}`;
    },
    forget: (taskArn) => void paths.delete(taskArn),
    async close() {
      if (!listening) return;
      await listening;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function describeTask(task: Task): object {
  const [family = '', revision = ''] = task.taskDefinitionArn.split('/').at(-1)?.split(':') ?? [];
  return {
    Cluster: task.clusterArn,
    TaskARN: task.taskArn,
    Family: family,
    Revision: revision,
    DesiredStatus: task.desiredStatus,
    KnownStatus: task.lastStatus,
    Limits: { CPU: Number(task.cpu) / 1024, Memory: Number(task.memory) },
    Containers: [describeContainer(task)],
    LaunchType: task.launchType,
    ClockDrift: { ClockSynchronizationStatus: 'SYNCHRONIZED' },
  };
}

function describeContainer(task: Task): object {
  const [container] = task.containers;
  return {
    DockerId: container?.containerArn.split('/').at(-1),
    Name: container?.name,
    DockerName: container?.name,
    Image: container?.image,
    Labels: {
      'com.amazonaws.ecs.cluster': task.clusterArn,
      'com.amazonaws.ecs.container-name': container?.name,
      'com.amazonaws.ecs.task-arn': task.taskArn,
    },
    DesiredStatus: task.desiredStatus,
    KnownStatus: container?.lastStatus,
    ContainerARN: container?.containerArn,
    Type: 'NORMAL',
  };
}
