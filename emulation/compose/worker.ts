// How workers run here: their command, what they find in their environment, where their lines go, and how launches are
// counted against the slots. It knows no job.
import { join } from 'node:path';
import type { DataFolder } from '../../machine/data-folder.ts';
import { showsProcesses } from '../../machine/process/leftover-process.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { canUnshare } from '../../worker/confinement.ts';
import type { Capacity } from '../capacity.ts';
import type { JsonService } from '../cloud/wire/control-server.ts';
import type { ResourceSet } from '../template/resource-set.ts';
import type { ServiceOptions, Services } from './engine-set.ts';

/** Of the user's own environment: how the machine reaches package indexes, and nothing that names AWS. */
const PASSED_ON =
  /^(PATH|TZ|TMPDIR|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|PIP_[A-Z_]+|(HTTPS?|ALL|NO)_PROXY|(https?|all|no)_proxy)$/;

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
    const reason = 'workers that a kill leaves behind could not be found again';
    throw new StartRefusal(
      `This system has no /proc and no /bin/ps, without which ${reason}: run it on Linux or macOS.`,
    );
  }
  const passedOn = Object.entries(environment).filter(([name, value]) => PASSED_ON.test(name) && value !== undefined);
  const { group, prefix } = workerLog(resources);
  return {
    // No source maps: reading them costs every worker half as much again as starting.
    workerCommand: [process.execPath, workerFile],
    workerEnvironment: {
      ...(Object.fromEntries(passedOn) as Record<string, string>),
      LANG: 'C.UTF-8',
      ESPALIER_TOOLS: tools,
      ESPALIER_OVERLAYS: folder.file('overlays'),
      NODE_COMPILE_CACHE: join(cache, 'compiled'),
      // Asked once for all workers.
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

/** What the awslogs driver of the task definition would do with a line. */
function workerLog(resources: ResourceSet): { group: string; prefix: string } {
  const [definition] = resources.ofType('AWS::ECS::TaskDefinition');
  const [container] = (definition?.properties.ContainerDefinitions ?? []) as readonly {
    Name: string;
    LogConfiguration?: { Options?: Readonly<Record<string, string>> };
  }[];
  const { 'awslogs-group': group, 'awslogs-stream-prefix': prefix } = container?.LogConfiguration?.Options ?? {};
  if (!container || !group || !prefix) throw new StartRefusal('The task definition has no container with awslogs.');
  return { group, prefix: `${prefix}/${container.Name}` };
}

/** Step Functions' API, with each execution that it starts counted as a launch. */
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

/** Launches that were under way when the last platform ended hold their slots until they are settled. */
export function countOpenLaunches({ stepFunctions, capacity }: Pick<Services, 'stepFunctions' | 'capacity'>): void {
  for (const name of stepFunctions.openExecutions()) capacity.began(name);
}
