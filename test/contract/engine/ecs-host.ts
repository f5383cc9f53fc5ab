// A platform for tests that kill it. It opens the database of its first argument, runs the script of its second as a
// task, prints the task's ARN and keeps running.

import { createEcs } from '../../../emulation/cloud/ecs/ecs.ts';
import { openDatabase } from '../../../emulation/cloud/wire/transaction.ts';
import { cluster, contractTaskDefinition, scriptDriver } from './ecs.ts';

const [, , path = '', script = ''] = process.argv;
const launch = scriptDriver((_taskArn, line) => console.log(line));
const ecs = createEcs({ database: openDatabase(path), now: Date.now, launch, slots: 1, onStateChange: () => {} });
ecs.createCluster(cluster);
ecs.registerTaskDefinition(contractTaskDefinition);
const environment = [{ name: 'SCRIPT', value: script }];
const { tasks } = await ecs.tasks.start({
  cluster,
  taskDefinition: 'worker',
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
  overrides: { containerOverrides: [{ name: 'worker', environment }] },
});
console.log(`task ${tasks[0]?.taskArn}`);
setInterval(() => {}, 60_000);
