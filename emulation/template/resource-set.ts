// Collects the resources of all stacks of an app, with their properties evaluated. `compose` runs them.

import { StartRefusal } from '../../machine/start-refusal.ts';
import { evaluate, type Scope } from './intrinsic.ts';
import { attributeOf, physicalName, referenceOf } from './resource-identity.ts';
import { checkResourceTypes } from './resource-type.ts';
import type { CloudAssembly, Resource, Template } from './template.ts';

/** A resource as a deployment would create it. */
export type DeployedResource = {
  readonly type: string;
  readonly stack: string;
  readonly logicalId: string;
  /** The physical name. */
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** The ARN, for types that have one as attribute `Arn`. */
  readonly arn: string | undefined;
};

export type ResourceSet = {
  /** The resources of a type in the order of deployment. */
  ofType(type: string): readonly DeployedResource[];
  /** The asset, a folder or file of the assembly, that a property such as `Code` refers to. */
  asset(objectKey: string): string | undefined;
};

/**
 * Evaluates every resource. A parameter of SSM type takes the value of the `AWS::SSM::Parameter` of that name in any
 * stack.
 * @throws StartRefusal that names the place of a type, function, attribute or reference that is not supported here.
 */
export function resolveResources(assembly: CloudAssembly): ResourceSet {
  checkResourceTypes(
    assembly.stacks.flatMap(({ template }) => Object.values(template.Resources ?? {}).map(({ Type }) => Type)),
  );
  const all = resolveAll(assembly);
  return {
    ofType: (type) => all.filter((resource) => resource.type === type),
    asset: (objectKey) => assembly.assets.get(objectKey.replace(/\.[a-z]+$/, '')),
  };
}

function resolveAll({ stacks }: CloudAssembly): DeployedResource[] {
  const done = new Map<string, DeployedResource>();
  const open = new Set<string>();
  const resolve: Resolve = (stack, template, logicalId, resource) => {
    const key = `${stack}/${logicalId}`;
    const known = done.get(key);
    if (known) return known;
    if (open.has(key)) throw new StartRefusal(`The resource ${key} of the template refers to itself.`);
    open.add(key);
    const scope = scopeOf(stacks, resolve, stack, template);
    const deployed = deploy(stack, logicalId, resource, scope);
    open.delete(key);
    done.set(key, deployed);
    return deployed;
  };
  return stacks.flatMap(({ name, template }) => {
    const scope = scopeOf(stacks, resolve, name, template);
    return Object.entries(template.Resources ?? {})
      .filter(([, { Condition }]) => Condition === undefined || scope.condition(Condition))
      .map(([logicalId, resource]) => resolve(name, template, logicalId, resource));
  });
}

type Stacks = CloudAssembly['stacks'];
type Resolve = (stack: string, template: Template, logicalId: string, resource: Resource) => DeployedResource;

function deploy(stack: string, logicalId: string, { Type, Properties = {} }: Resource, scope: Scope): DeployedResource {
  const properties = evaluate(Properties, scope) as Record<string, unknown>;
  const identified = { stack, logicalId, properties };
  const arn = attributeOf(Type, identified, 'Arn');
  return { type: Type, ...identified, name: physicalName(Type, identified), arn };
}

/** The names that the functions of a stack's template may refer to. */
function scopeOf(stacks: Stacks, resolve: Resolve, stack: string, template: Template): Scope {
  const where = `stack ${stack}`;
  const resourceNamed = (logicalId: string) => {
    const resource = template.Resources?.[logicalId];
    if (!resource) throw new StartRefusal(`The template of ${where} refers to ${logicalId}, which it does not hold.`);
    return { type: resource.Type, resource: resolve(stack, template, logicalId, resource) };
  };
  const scope: Scope = {
    reference: (name) => {
      const parameter = template.Parameters?.[name];
      if (parameter) return parameterValue(where, name, parameter, (value) => findParameter(stacks, resolve, value));
      const { type, resource } = resourceNamed(name);
      return referenceOf(type, resource);
    },
    attribute: (logicalId, attribute) => {
      const { type, resource } = resourceNamed(logicalId);
      const value = attributeOf(type, resource, attribute);
      if (value !== undefined) return value;
      throw new StartRefusal(`${logicalId} (${type}) of ${where} has no attribute ${attribute} here.`);
    },
    condition: (name) => evaluate(template.Conditions?.[name], scope) === true,
    mapping: (name, first, second) => valueAt(valueAt(template.Mappings?.[name], first), second),
  };
  return scope;
}

function parameterValue(
  where: string,
  name: string,
  parameter: { Type: string; Default?: string },
  find: (parameterName: string) => unknown,
): unknown {
  if (parameter.Type !== ssmValue) {
    if (parameter.Default !== undefined) return parameter.Default;
    throw new StartRefusal(
      `The parameter ${name} of ${where} has no default: add one, because a start here gives no parameters.`,
    );
  }
  const found = find(parameter.Default ?? '');
  if (found !== undefined) return found;
  throw new StartRefusal(
    `The SSM parameter ${parameter.Default}, which ${where} reads, is not in the template of any stack.`,
  );
}

function findParameter(stacks: Stacks, resolve: Resolve, parameterName: string): unknown {
  for (const { name: stack, template } of stacks) {
    for (const [logicalId, resource] of Object.entries(template.Resources ?? {})) {
      // The name is plain text in the template, so only this one resource has to be evaluated.
      if (resource.Type !== 'AWS::SSM::Parameter' || resource.Properties?.Name !== parameterName) continue;
      return resolve(stack, template, logicalId, resource).properties.Value;
    }
  }
  return undefined;
}

function valueAt(container: unknown, name: string): unknown {
  return typeof container === 'object' && container !== null ? Reflect.get(container, name) : undefined;
}

const ssmValue = 'AWS::SSM::Parameter::Value<String>';
