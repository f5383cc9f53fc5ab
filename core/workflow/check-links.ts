// Checks the links in a workflow: that what they name exists, and has a class that fits.

import { elementClass, isArrayClass, listNames, type ParameterClass, type Specification } from '../iospec/parameter.ts';
import { type FoundLink, findStageLinks, type StageLink } from './link.ts';
import type { Interfaces, Stage, WorkflowSpec } from './workflow.ts';

/** A fault of a value that is bound to an input of a stage. `linked` is the stage that its link names. */
export type BindingProblem = {
  readonly stage: string;
  readonly field: string;
  readonly linked?: string | undefined;
  readonly problem: string;
};

/**
 * Every fault of the bound values: malformed links, links to what the workflow does not have, links of another class,
 * and inputs that the executable does not have. Where an executable could not be found, its fields are not judged.
 */
export function bindingProblems(spec: WorkflowSpec, interfaces: Interfaces): BindingProblem[] {
  const byId = new Map(spec.stages.map((stage) => [stage.id, stage]));
  return spec.stages.flatMap((stage) => {
    const inputSpec = interfaces.get(stage.executable)?.inputSpec;
    return Object.entries(stage.input).flatMap(([field, value]) => {
      const at = `stage "${stage.id}", input "${field}"`;
      const wanted = inputSpec?.find(({ name }) => name === field);
      const place = { stage: stage.id, field };
      if (inputSpec !== undefined && wanted === undefined) {
        return [{ ...place, problem: `${at}: the executable has no such input (it has: ${listNames(inputSpec)})` }];
      }
      const { links, problems } = findStageLinks(value, at);
      const malformed = problems.map((problem) => ({ ...place, problem }));
      const broken = links.flatMap((found) => {
        const problem = linkProblem(found, wanted?.class, { spec, interfaces, byId });
        if (problem === undefined) return [];
        return [{ ...place, linked: linkedStage(found.link), problem: `${found.path}: ${problem}` }];
      });
      return [...malformed, ...broken];
    });
  });
}

/** A sentence for each output of the workflow whose source is missing or of another class. */
export function outputProblems(spec: WorkflowSpec, interfaces: Interfaces): string[] {
  const byId = new Map(spec.stages.map((stage) => [stage.id, stage]));
  return (spec.outputs ?? []).flatMap(({ name, class: wanted, outputSource }) => {
    const [found] = findStageLinks(outputSource, `output "${name}"`).links;
    const problem = found === undefined ? undefined : linkProblem(found, wanted, { spec, interfaces, byId });
    return problem === undefined ? [] : [`output "${name}" of the workflow: ${problem}`];
  });
}

type Definition = {
  readonly spec: WorkflowSpec;
  readonly interfaces: Interfaces;
  readonly byId: ReadonlyMap<string, Stage>;
};

function linkProblem(found: FoundLink, wanted: ParameterClass | undefined, definition: Definition): string | undefined {
  const source = sourceOf(found.link, definition);
  if ('problem' in source) return source.problem;
  if (source.class === undefined || wanted === undefined || fits(source.class, wanted, found.holder)) return undefined;
  const where = found.holder === 'value' ? '' : ' inside an array or hash';
  return `the link${where} has the class ${source.class}, and ${wanted} is needed`;
}

/** The class of what a link names. It is undefined where it cannot be known. */
function sourceOf(
  link: StageLink,
  { spec, interfaces, byId }: Definition,
): { readonly class: ParameterClass | undefined } | { readonly problem: string } {
  if (link.kind === 'workflowInput') {
    return classIn(spec.inputs ?? [], link.field, 'the workflow has no input');
  }
  const stage = byId.get(link.stage);
  if (stage === undefined) return { problem: noSuchStage(link.stage, spec.stages) };
  const { inputSpec, outputSpec } = interfaces.get(stage.executable) ?? {};
  const specification = link.kind === 'output' ? outputSpec : inputSpec;
  if (specification === undefined) return { class: undefined };
  return classIn(specification, link.field, `the stage "${link.stage}" has no ${link.kind}`);
}

function classIn(specification: Specification, field: string, none: string) {
  const parameter = specification.find(({ name }) => name === field);
  if (parameter !== undefined) return { class: parameter.class };
  return { problem: `${none} "${field}" (it has: ${listNames(specification)})` };
}

/**
 * True when a value of the first class can take that place. Elements of arrays may be arrays themselves, because arrays
 * are flattened. What is in a hash is not judged, as hashes have no specification.
 */
function fits(source: ParameterClass, wanted: ParameterClass, holder: FoundLink['holder']): boolean {
  if (wanted === 'hash') return holder === 'hash' || (holder === 'value' && source === 'hash');
  if (holder === 'hash') return false;
  if (holder === 'array' && !isArrayClass(wanted)) return false;
  if (holder === 'value' && isArrayClass(wanted) !== isArrayClass(source)) return false;
  const [from, to] = [elementClass(source), elementClass(wanted)];
  return from === to || (from === 'int' && to === 'float');
}

/** True when a field of the second class takes every value of the first. */
export function classFits(source: ParameterClass, wanted: ParameterClass): boolean {
  return fits(source, wanted, 'value');
}

export function noSuchStage(id: string, stages: readonly Stage[]): string {
  const known = stages.slice(0, listedCount).map((stage) => stage.id);
  return `the workflow has no stage "${id}" (it has: ${known.join(', ') || 'none'})`;
}

function linkedStage(link: StageLink): string | undefined {
  return link.kind === 'workflowInput' ? undefined : link.stage;
}

/** The number of names that a sentence lists. */
const listedCount = 20;
