// The runSpec that describe shows, with its code: the fields that differ between regions are shown by region as well.

import type { AppletSpec, RunSpec } from '../../../core/executable/applet.ts';

/** @param specs region → the specification there. The first one is shown as a whole. */
export function describeRunSpec(specs: readonly (readonly [region: string, spec: AppletSpec])[]): RunSpec {
  const [first] = specs;
  if (first === undefined) throw new Error('a specification without a region cannot be described');
  const byRegion = (read: (runSpec: RunSpec) => unknown) => {
    return Object.fromEntries(specs.map(([region, { runSpec }]) => [region, read(runSpec)]));
  };
  const bundledDependsByRegion = byRegion((runSpec) => runSpec.bundledDepends ?? []);
  const systemRequirementsByRegion = byRegion((runSpec) => runSpec.systemRequirements ?? {});
  const regional = { bundledDependsByRegion, systemRequirementsByRegion };
  return { ...defaults, ...first[1].runSpec, ...regional };
}

/** Shown even if the author did not set them: `dx get` is expected to write them down (dx-toolkit, test_get_applet). */
const defaults = { headJobOnDemand: false, inheritParentRestartOnPolicy: false } as const;
