// The state machine as it is deployed: the file with its names filled in, and a role that allows exactly its calls.

import { beforeAll, describe, expect, test } from 'vitest';
import { givenTemplates, resourcesOf, type StackTemplate, statementsOf } from './platform.ts';

let templates: Record<string, StackTemplate>;
beforeAll(() => {
  templates = givenTemplates();
});

function stateMachine() {
  const [found] = resourcesOf(templates, 'AWS::StepFunctions::StateMachine');
  if (found === undefined) throw new Error('there is no state machine');
  const { DefinitionString, DefinitionSubstitutions, ...rest } = found.properties;
  return { text: String(DefinitionString), substitutions: DefinitionSubstitutions as Record<string, unknown>, rest };
}

describe('job-attempt', () => {
  test('has a value for each name in the file, and no other', () => {
    const { text, substitutions } = stateMachine();
    const used = new Set([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
    expect(new Set(Object.keys(substitutions))).toEqual(used);
  });

  test('keeps the boot nonce out of its log', () => {
    expect(stateMachine().rest.LoggingConfiguration).toMatchObject({ Level: 'ALL', IncludeExecutionData: false });
    expect(stateMachine().rest.StateMachineType).toBe('STANDARD');
  });

  test('may make exactly the calls of its states', () => {
    const [role] = resourcesOf(templates, 'AWS::IAM::Role').filter(({ id }) => id.startsWith('JobAttempt'));
    const statements = statementsOf(role?.properties).map(({ actions, resources, condition }) => [
      actions,
      resources,
      condition && Object.values(condition).flatMap(Object.keys),
    ]);
    const at = (service: string, rest: string) =>
      `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${rest}`;
    const tasks = at('ecs', 'task/espalier-dev-workers/*');
    expect(statements.slice(0, 6)).toEqual([
      [
        ['ecs:RunTask'],
        [at('ecs', 'task-definition/espalier-dev-worker:*'), at('ecs', 'task-definition/espalier-dev-worker-debug:*')],
        ['ecs:cluster'],
      ],
      [['ecs:StopTask', 'ecs:DescribeTasks'], [tasks], undefined],
      [['ecs:TagResource'], [tasks], ['ecs:CreateAction']],
      [
        ['iam:PassRole'],
        ['task', 'debug'].map(
          (name) => `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/espalier-dev-${name}-\${AWS::Region}`,
        ),
        ['iam:PassedToService'],
      ],
      [
        ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
        [at('events', 'rule/StepFunctionsGetEventsForECSTaskRule')],
        undefined,
      ],
      [['lambda:InvokeFunction'], [at('lambda', 'function:espalier-dev-finalise')], undefined],
    ]);
    // The other statements are log delivery and X-Ray, which cannot be limited to resources.
    for (const [actions, resources] of statements.slice(6)) {
      expect(resources).toEqual(['*']);
      expect(actions?.every((action) => /^(logs|xray):/.test(action))).toBe(true);
    }
  });
});
