// RunTask for suites. The product does not call it, because the state machine runs tasks by its integration with ECS.

import type { TaskFace } from '../../../../emulation/cloud/ecs/ecs-api.ts';
import { showTask } from '../../../../emulation/cloud/ecs/task-event.ts';
import type { Operation } from '../../../../emulation/cloud/wire/control-server.ts';

/** For `createEcs({ operations })`. */
export function taskExtension(tasks: TaskFace): Record<string, Operation> {
  return {
    async RunTask(input) {
      const answer = await tasks.start(input);
      return { tasks: answer.tasks.map((task) => showTask(task, true)), failures: answer.failures };
    },
  };
}
