// Chooses the machine of a job from the call, the calls above it, the executable and the project
// (docs/reference/api.md, "System requirements").

import {
  checkByExecutable,
  checkSystemRequirements,
  entryPointRequirements,
  mergeByExecutable,
  overrideRequirements,
  type Requirements,
  type RequirementsByExecutable,
  requirementsOf,
  type SystemRequirements,
} from '../executable/requirements.ts';
import { checkRunnable, fitsWorker } from '../instance/worker-size.ts';
import { isHash } from '../reference/value.ts';

export type MachineLayers = {
  /** The names of the executable (`executableNames`). */
  readonly executable: readonly string[];
  readonly entryPoint: string;
  /** The requirements of the executable. For a subjob, those in effect for its parent. */
  readonly inherited: SystemRequirements;
  readonly asked: { readonly systemRequirements?: unknown; readonly systemRequirementsByExecutable?: unknown };
  /** The requirements by executable of the calls above. They override this call's. */
  readonly above: RequirementsByExecutable;
  readonly defaultInstance: string;
};
export type Machine = {
  readonly instance: string;
  readonly systemRequirements: SystemRequirements;
  readonly runSystemRequirements: SystemRequirements;
  readonly runSystemRequirementsByExecutable: RequirementsByExecutable;
  readonly mergedSystemRequirementsByExecutable: RequirementsByExecutable;
};

/** The machine and the parts of its choice that describe shows, or a sentence for each fault. */
export function planMachine(layers: MachineLayers): Machine | { readonly problems: readonly string[] } {
  const { systemRequirements: given, systemRequirementsByExecutable: givenByExecutable } = layers.asked;
  const problems = [
    ...checkSystemRequirements(given, 'systemRequirements'),
    ...checkByExecutable(givenByExecutable, 'systemRequirementsByExecutable'),
  ];
  if (problems.length > 0) return { problems };
  const run = (given ?? {}) as SystemRequirements;
  const byExecutable = (givenByExecutable ?? {}) as RequirementsByExecutable;
  const merged = mergeByExecutable(layers.above, byExecutable);
  const own = overrideRequirements(
    overrideRequirements(layers.inherited, run),
    requirementsOf(merged, layers.executable),
  );
  const instance = chooseInstance(own, layers.entryPoint, layers.defaultInstance);
  const problem = checkRunnable(instance) ?? checkCluster(entryPointRequirements(own, layers.entryPoint));
  if (problem !== undefined) return { problems: [`entry point "${layers.entryPoint}": ${problem}`] };
  return {
    instance,
    systemRequirements: own,
    runSystemRequirements: run,
    runSystemRequirementsByExecutable: byExecutable,
    mergedSystemRequirementsByExecutable: merged,
  };
}

/** A cluster of one machine is a machine. A larger one would leave the job without the rest of it. */
function checkCluster({ clusterSpec }: Requirements): string | undefined {
  const count = isHash(clusterSpec) ? clusterSpec.initialInstanceCount : undefined;
  if (count === undefined || count === 1) return undefined;
  return (
    `"clusterSpec" asks for ${JSON.stringify(count)} machines, and a job runs on one here: ` +
    'set "initialInstanceCount" to 1 (`--instance-count 1`), or divide the work into subjobs'
  );
}

/**
 * An instance type by name; else the first of a selector that a worker can have as a whole, or at all; else the default.
 */
function chooseInstance(requirements: SystemRequirements, entryPoint: string, fallback: string): string {
  const { instanceType, instanceTypeSelector } = entryPointRequirements(requirements, entryPoint);
  if (instanceType !== undefined) return instanceType;
  const allowed = instanceTypeSelector?.allowedInstanceTypes ?? [];
  return (
    allowed.find(fitsWorker) ?? allowed.find((name) => checkRunnable(name) === undefined) ?? allowed[0] ?? fallback
  );
}
