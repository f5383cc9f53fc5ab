// System requirements: the machine that each entry point asks for, and how the layers of a run override each other
// (docs/reference/api.md, "System requirements"). core/instance knows the instance types.

import { checkKnown } from '../instance/worker-size.ts';
import { type Hash, isHash } from '../reference/value.ts';

/**
 * The requirements of one entry point. Further fields (`nvidiaDriver`, `fpgaDriver`, `clusterSpec`) are kept and shown.
 */
export type Requirements = {
  readonly instanceType?: string;
  readonly instanceTypeSelector?: { readonly allowedInstanceTypes: readonly string[] };
  readonly [field: string]: unknown;
};
/** Entry point name, or `*` for all others → requirements. */
export type SystemRequirements = { readonly [entryPoint: string]: Requirements };
/** Executable id, or `*` for all others → system requirements. */
export type RequirementsByExecutable = { readonly [executable: string]: SystemRequirements };

/**
 * Combines two maps: for every entry point and field, the value of `strong` (by name or by its `*`), else that of
 * `weak`. A run-time `*` therefore overrides the instance type of every entry point of the executable, and keeps their
 * other fields.
 */
export function overrideRequirements(weak: SystemRequirements, strong: SystemRequirements): SystemRequirements {
  const names = [...new Set([...Object.keys(weak), ...Object.keys(strong)])];
  return Object.fromEntries(
    names.map((name) => [name, { ...own(weak, name), ...own(strong, '*'), ...own(strong, name) }]),
  );
}

/** The requirements in effect for one entry point: field by field its own, else those of `*`. */
export function entryPointRequirements(requirements: SystemRequirements, entryPoint: string): Requirements {
  return { ...own(requirements, '*'), ...own(requirements, entryPoint) };
}

/**
 * The requirements of one executable in the map: field by field by the last of its names that has the field, else by
 * `*`.
 */
export function requirementsOf(byExecutable: RequirementsByExecutable, names: readonly string[]): SystemRequirements {
  return ['*', ...names]
    .map((name) => (Object.hasOwn(byExecutable, name) ? (byExecutable[name] ?? {}) : {}))
    .reduce(overrideRequirements);
}

/** Combines a tree's map with that of a call further down: the one further up wins. */
export function mergeByExecutable(
  up: RequirementsByExecutable,
  down: RequirementsByExecutable,
): RequirementsByExecutable {
  const names = [...new Set([...Object.keys(up), ...Object.keys(down)])];
  return Object.fromEntries(names.map((name) => [name, overrideRequirements(down[name] ?? {}, up[name] ?? {})]));
}

/**
 * A sentence for each fault of a `systemRequirements` map. Instance types must exist somewhere, whether or not one can run
 * here.
 */
export function checkSystemRequirements(requirements: unknown, at: string): string[] {
  if (requirements === undefined) return [];
  if (!isHash(requirements)) return [`${at} must be a hash of entry points`];
  return Object.entries(requirements).flatMap(([entryPoint, wanted]) =>
    isHash(wanted)
      ? checkRequirements(wanted, `${at}.${entryPoint}`)
      : [`${at}.${entryPoint} must be a hash, such as {"instanceType": "mem1_ssd1_v2_x4"}`],
  );
}

/** The same for a map by executable. */
export function checkByExecutable(byExecutable: unknown, at: string): string[] {
  if (byExecutable === undefined) return [];
  if (!isHash(byExecutable)) return [`${at} must be a hash of executables`];
  return Object.entries(byExecutable).flatMap(([executable, requirements]) =>
    checkSystemRequirements(requirements, `${at}.${executable}`),
  );
}

function checkRequirements(wanted: Hash, at: string): string[] {
  const { instanceType, instanceTypeSelector: selector, clusterSpec } = wanted;
  const problems: string[] = [];
  if (instanceType !== undefined) problems.push(...checkType(instanceType, `${at}.instanceType`));
  if (clusterSpec !== undefined && !isHash(clusterSpec)) problems.push(`${at}.clusterSpec must be a hash`);
  if (selector === undefined) return problems;
  const allowed = isHash(selector) ? selector.allowedInstanceTypes : undefined;
  if (!Array.isArray(allowed) || allowed.length === 0) {
    return [...problems, `${at}.instanceTypeSelector must be {"allowedInstanceTypes": […]} with at least one name`];
  }
  return [...problems, ...allowed.flatMap((name, index) => checkType(name, `${at}.allowedInstanceTypes[${index}]`))];
}

function checkType(name: unknown, at: string): string[] {
  if (typeof name !== 'string') return [`${at} must be a string`];
  const problem = checkKnown(name);
  return problem === undefined ? [] : [`${at}: ${problem}`];
}

function own(requirements: SystemRequirements, name: string): Requirements {
  return Object.hasOwn(requirements, name) ? (requirements[name] ?? {}) : {};
}
