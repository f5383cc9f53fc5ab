// The platform's stacks for tests: synthesized in memory, without bundles and image, as templates and as a CDK app.

import { App } from 'aws-cdk-lib';
import { withoutCode } from '../../infra/constructs/function-code.ts';
import { withoutImage } from '../../infra/constructs/worker-image.ts';
import { deploymentOf } from '../../infra/deployment.ts';
import { definePlatform, features } from '../../infra/platform.ts';

type Resource = { readonly Type: string; readonly Properties: Record<string, unknown> } & Record<string, unknown>;
export type StackTemplate = {
  readonly Resources: Record<string, Resource>;
  readonly Outputs?: Record<string, { readonly Export?: unknown }>;
};

export function givenPlatform(stage = 'dev', options: { acknowledged?: boolean } = {}) {
  const app = new App({ analyticsReporting: false, treeMetadata: false, context: features });
  const stacks = definePlatform(app, deploymentOf(stage), {
    code: withoutCode,
    image: withoutImage,
    ...options,
  });
  return { app, stacks };
}

/** Each stack's template, by the stack's id. The CDK's own check of templates is left out, because it takes seconds. */
export function givenTemplates(stage = 'dev'): Record<string, StackTemplate> {
  const before = process.env.CDK_VALIDATION;
  process.env.CDK_VALIDATION = 'false';
  try {
    const { stacks } = givenPlatform(stage).app.synth();
    return Object.fromEntries(stacks.map(({ id, template }) => [id, template as StackTemplate]));
  } finally {
    if (before === undefined) delete process.env.CDK_VALIDATION;
    else process.env.CDK_VALIDATION = before;
  }
}

/** Every resource of these types, with its stack and logical id. */
export function resourcesOf(templates: Record<string, StackTemplate>, ...types: readonly string[]) {
  return Object.entries(templates).flatMap(([stack, { Resources }]) =>
    Object.entries(Resources)
      .filter(([, { Type }]) => types.includes(Type))
      .map(([id, resource]) => ({ stack, id, resource, properties: resource.Properties })),
  );
}

/** Intrinsic functions as readable text: `${AWS::AccountId}`, `Content.Arn`. */
export function readable(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[name, argument] = ['', undefined]] = Object.entries(value);
  if (name === 'Ref') return String(argument).startsWith('AWS::') ? `\${${argument}}` : String(argument);
  if (name === 'Fn::GetAtt') return (argument as string[]).join('.');
  if (name === 'Fn::Join') return (argument as [string, unknown[]])[1].map(readable).join(argument[0]);
  return JSON.stringify(value);
}

export type Statement = {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly condition: Record<string, object> | undefined;
};

/** The statements of a role's own policies. */
export function statementsOf(role: Record<string, unknown> | undefined): Statement[] {
  const policies = (role?.Policies ?? []) as { PolicyDocument: { Statement: Record<string, unknown>[] } }[];
  return policies.flatMap(({ PolicyDocument }) =>
    PolicyDocument.Statement.map(({ Action, Resource, Condition }) => ({
      actions: [Action].flat().map(String),
      resources: [Resource].flat().map(readable),
      condition: Condition as Record<string, object> | undefined,
    })),
  );
}
