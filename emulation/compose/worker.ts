// Defines how workers run here: their command, their environment and the log of their lines. It also counts launches
// against the slots.

import { join } from 'node:path';
import type { DataFolder } from '../../machine/data-folder.ts';
import { showsProcesses } from '../../machine/process/leftover-process.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { canUnshare } from '../../worker/confinement.ts';
import type { Capacity } from '../capacity.ts';
import type { JsonService } from '../cloud/wire/control-server.ts';
import type { ResourceSet } from '../template/resource-set.ts';
import type { ServiceOptions, Services } from './engine-set.ts';

export function workerSettings(options: {
  folder: DataFolder;
  cache: string;
  tools: string;
  workerFile: string;
  resources: ResourceSet;
  environment: Readonly<NodeJS.ProcessEnv>;
}): Pick<ServiceOptions, 'workerCommand' | 'workerEnvironment' | 'logOf' | 'machineRole'> {
  const { folder, cache, tools, workerFile, resources, environment } = options;
  if (!showsProcesses()) {
    const reason = 'workers that outlive a killed platform could not be found again';
    throw new StartRefusal(
      `This system has no /proc and no /bin/ps, without which ${reason}: run it on Linux or macOS.`,
    );
  }
  const passedOn = Object.entries(environment).filter(
    ([name, value]) => passedOnNames.test(name) && value !== undefined,
  );
  const { group, prefix } = workerLog(resources);
  return {
    // Source maps are off. Reading them would lengthen the start of every worker by half.
    workerCommand: [process.execPath, workerFile],
    workerEnvironment: {
      ...(Object.fromEntries(passedOn) as Record<string, string>),
      LANG: 'C.UTF-8',
      ESPALIER_TOOLS: tools,
      ESPALIER_OVERLAYS: folder.file('overlays'),
      NODE_COMPILE_CACHE: join(cache, 'compiled'),
      // This is tested once for all workers.
      ESPALIER_NAMESPACES: canUnshare() ? 'yes' : 'no',
    },
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

/** The variables that workers get from the user's environment. They lead to package indexes, and none names AWS. */
const passedOnNames =
  /^(PATH|TZ|TMPDIR|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|PIP_[A-Z_]+|(HTTPS?|ALL|NO)_PROXY|(https?|all|no)_proxy)$/;
