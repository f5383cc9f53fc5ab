// The Arguments that the services accept, and the check that refuses others before a service is called.

import type { JsonObject } from './json.ts';
import type { TaskResource } from './machine.ts';
import { StateError } from './state-error.ts';

/** The members that Arguments may have. Others are refused, because nothing here would act on them. */
export const taskArguments: Readonly<Record<TaskResource, readonly string[]>> = {
  'lambda:invoke': ['FunctionName', 'Payload'],
  'ecs:runTask.sync': [
    ...['CapacityProviderStrategy', 'Cluster', 'EnableECSManagedTags', 'EnableExecuteCommand', 'Group', 'LaunchType'],
    ...[
      'NetworkConfiguration',
      'Overrides',
      'PlatformVersion',
      'PropagateTags',
      'ReferenceId',
      'Tags',
      'TaskDefinition',
    ],
  ],
};

/**
 * Throws StateError States.Runtime for evaluated Arguments that the integration does not accept: unknown members, and
 * members at any depth of a RunTask call that are not in PascalCase ("Parameters in Step Functions are expressed in
 * PascalCase", connect-ecs.html).
 */
export function checkArguments(resource: TaskResource, given: JsonObject): void {
  const unknown = Object.keys(given).filter((name) => !taskArguments[resource].includes(name));
  const misspelled = resource === 'ecs:runTask.sync' ? lowerCaseNames(given) : [];
  const wrong = [...new Set([...unknown, ...misspelled])];
  if (wrong.length === 0) return;
  const told = wrong.map((name) => `The field '${name}' is not supported by Step Functions`).join(', ');
  const cause = `The Parameters '${JSON.stringify(given)}' could not be used to start the Task: [${told}]`;
  throw new StateError('States.Runtime', cause);
}

function lowerCaseNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(lowerCaseNames);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [
    ...(/^[A-Z]/.test(name) ? [] : [name]),
    ...lowerCaseNames(member),
  ]);
}
