// Defines how workers run here: their command, their environment and the log of their lines. It also counts launches
// against the slots.

import type { DataFolder } from '../../machine/data-folder.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { workerVariables } from '../../machine/worker-variable.ts';
import type { Capacity } from '../capacity.ts';
import type { JsonService } from '../cloud/wire/control-server.ts';
import type { ResourceSet } from '../template/resource-set.ts';
import type { ServiceOptions, Services } from './engine-set.ts';

export function workerSettings(options: {
  folder: DataFolder;
  tools: string;
  workerFile: string;
  resources: ResourceSet;
  environment: Readonly<NodeJS.ProcessEnv>;
}): Pick<ServiceOptions, 'workerCommand' | 'workerEnvironment' | 'logOf' | 'machineRole'> {
  const { folder, tools, workerFile, resources, environment } = options;
  const { group, prefix } = workerLog(resources);
  return {
    // Source maps are off. Reading them would lengthen the start of every worker by half.
    workerCommand: [process.execPath, workerFile],
    workerEnvironment: workerVariables({
      environment,
      tools,
      overlays: folder.file('overlays'),
      jobs: folder.file('jobs'),
    }),
    logOf: (taskArn) => ({ group, stream: `${prefix}/${taskArn.slice(taskArn.lastIndexOf('/') + 1)}` }),
    machineRole() {
      const [machine, ...others] = resources.ofType('AWS::StepFunctions::StateMachine');
      if (!machine || others.length > 0) throw new StartRefusal('The template must hold exactly one state machine.');
      return String(machine.properties.RoleArn);
    },
  };
}

/** The log group and stream prefix that the awslogs driver of the task definition would write to. */
function workerLog(resources: ResourceSet): { group: string; prefix: string } {
  const [definition] = resources.ofType('AWS::ECS::TaskDefinition');
  const [container] = (definition?.properties.ContainerDefinitions ?? []) as readonly {
    Name: string;
    LogConfiguration?: { Options?: Readonly<Record<string, string>> };
  }[];
  const { 'awslogs-group': group, 'awslogs-stream-prefix': prefix } = container?.LogConfiguration?.Options ?? {};
  if (!container || !group || !prefix)
    throw new StartRefusal('The task definition of the template has no container that logs by awslogs.');
  return { group, prefix: `${prefix}/${container.Name}` };
}

/** The API of Step Functions, which counts each execution that it starts as a launch. */
export function countedStates(api: JsonService, capacity: Capacity): JsonService {
  const { StartExecution } = api.operations;
  if (!StartExecution) return api;
  return {
    ...api,
    operations: {
      ...api.operations,
      async StartExecution(input, caller) {
        const answer = await StartExecution(input, caller);
        const { executionArn } = answer as { executionArn: string };
        capacity.began(executionArn.slice(executionArn.lastIndexOf(':') + 1));
        return answer;
      },
    },
  };
}

/** Counts the launches that were under way when the last platform ended. They hold their slots until they end. */
export function countOpenLaunches({ stepFunctions, capacity }: Pick<Services, 'stepFunctions' | 'capacity'>): void {
  for (const name of stepFunctions.openExecutions()) capacity.began(name);
}
