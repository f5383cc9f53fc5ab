// Gives each stage of a run its input: the values that are bound in the workflow, and those of the call over them. Links
// between stages become references to the jobs of the stages (docs/reference/api.md, "Workflows"). Pure.

import { fillInput } from '../iospec/fill-input.ts';
import { listNames, type Specification } from '../iospec/parameter.ts';
import { type Hash, isHash } from '../reference/value.ts';
import { readStageLink, type StageLink } from '../workflow/link.ts';
import { isLocked, type Stage, type StageExecutable, type WorkflowSpec } from '../workflow/workflow.ts';

type Binding = {
  readonly workflow: WorkflowSpec;
  /** The state of the workflow as a data object. */
  readonly state: string;
  /** The input specification of the executable of a stage, for its defaults. */
  readonly inputSpecOf: (executable: StageExecutable) => Specification | undefined;
  /** The input of the call. */
  readonly given: Hash;
  /** Makes the reference to an output of a stage. The result is undefined when the stage has no such output. */
  readonly outputOf: (stage: string, field: string) => Hash | undefined;
};

/** The input of each stage, parallel to the stages, or a sentence for each problem of the call's input. */
export function bindInput(binding: Binding): { readonly inputs: readonly Hash[] } | { readonly problems: string[] } {
  const { workflow, given } = binding;
  const { own, ofStages, problems } = divide(binding);
  const filled = workflow.inputs === null ? undefined : fillInput(workflow.inputs, own);
  const all = [...problems, ...(filled?.problems ?? [])];
  if (all.length > 0) return { problems: all };
  const values = new Map(workflow.stages.map((stage) => [stage.id, valuesOf(stage, given, ofStages)]));
  const resolve = createResolver(binding, values, filled?.input ?? {});
  return { inputs: workflow.stages.map(({ id }) => resolve(id)) };
}

/** Tells the inputs of the workflow from those of its stages: the names of the latter have a dot. */
function divide({ workflow, state, given }: Binding) {
  const stages = new Map(workflow.stages.map((stage) => [stage.id, stage]));
  const declared = new Set(workflow.inputs?.map(({ name }) => name));
  const own: [string, unknown][] = [];
  const ofStages = new Set<string>();
  const problems: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    const stage = name.includes('.') ? stages.get(name.slice(0, name.indexOf('.'))) : undefined;
    if (declared.has(name)) own.push([name, value]);
    else if (isLocked(workflow, state) && stage !== undefined)
      problems.push(`the input "${name}" is private and cannot be overridden: ${listInputs(workflow)}`);
    else if (stage !== undefined) ofStages.add(name);
    else problems.push(`the workflow has no input "${name}": ${listInputs(workflow)}`);
  }
  return { own: Object.fromEntries(own), ofStages, problems };
}

function listInputs({ inputs, stages }: WorkflowSpec): string {
  if (inputs !== null) return `it has: ${listNames(inputs)}`;
  const [first] = stages;
  return first === undefined ? 'it has no stages' : `name a stage and its input, as in "${first.id}.NAME"`;
}

/** The values of a stage with those of the call over them. Null removes a bound value. */
function valuesOf({ id, input }: Stage, given: Hash, names: ReadonlySet<string>): Hash {
  const own = Object.entries(given).filter(([name]) => names.has(name) && name.startsWith(`${id}.`));
  return { ...input, ...Object.fromEntries(own.map(([name, value]) => [name.slice(id.length + 1), value])) };
}

/** Resolves the links of stages. Checks of edits have made sure that links form no circle. */
function createResolver({ workflow, inputSpecOf, outputOf }: Binding, values: ReadonlyMap<string, Hash>, own: Hash) {
  const executables = new Map(workflow.stages.map(({ id, executable }) => [id, executable]));
  const follow = (link: StageLink): unknown => {
    if (link.kind === 'workflowInput') return Object.hasOwn(own, link.field) ? own[link.field] : undefined;
    if (link.kind === 'output') return outputOf(link.stage, link.field);
    const bound = values.get(link.stage);
    if (bound !== undefined && Object.hasOwn(bound, link.field)) return resolved(bound[link.field]);
    const executable = executables.get(link.stage);
    const specification = executable === undefined ? undefined : inputSpecOf(executable);
    return specification?.find(({ name }) => name === link.field)?.default;
  };
  const resolved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolved).filter((item) => item !== undefined);
    if (!isHash(value)) return value;
    const link = readStageLink(value);
    if (link !== undefined && !('problem' in link)) return follow(link);
    return resolvedHash(value);
  };
  const resolvedHash = (hash: Hash): Hash =>
    Object.fromEntries(
      Object.entries(hash).flatMap(([name, value]) => {
        const found = resolved(value);
        return found === undefined ? [] : [[name, found]];
      }),
    );
  return (stage: string): Hash => resolvedHash(values.get(stage) ?? {});
}
