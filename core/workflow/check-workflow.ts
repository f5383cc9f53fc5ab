// Checks a workflow as a whole. An edit is kept only when the workflow that it makes has no fault.

import { checkSpecification } from '../iospec/check-specification.ts';
import { isHash } from '../reference/value.ts';
import { bindingProblems, noSuchStage } from './check-links.ts';
import { findStageLinks } from './link.ts';
import { stageLevels } from './order.ts';
import {
  type Interfaces,
  maximumFieldCount,
  maximumStageCount,
  maximumWorkflowDepth,
  type Stage,
  type WorkflowOutput,
  type WorkflowSpec,
} from './workflow.ts';

/** A sentence for each fault. `outputProblems` judges the sources of outputs more closely. */
export function checkWorkflow(spec: WorkflowSpec, interfaces: Interfaces): string[] {
  const tooMany = checkCounts(spec.stages, interfaces);
  if (tooMany.length > 0) return tooMany;
  const problems = [
    ...checkIds(spec.stages),
    ...checkIgnoreReuse(spec),
    ...bindingProblems(spec, interfaces).map(({ problem }) => problem),
    ...checkSources(spec),
  ];
  if (problems.length > 0) return problems;
  const order = stageLevels(spec.stages);
  if (!('circle' in order)) return [];
  const [first = ''] = order.circle;
  return [`the stages link to each other in a circle: ${[...order.circle, first].join(' → ')}`];
}

/** A sentence for each fault of `inputs` or `outputs` as a call gives them. Null is none. */
export function checkOwnFields(value: unknown, name: 'inputs' | 'outputs'): string[] {
  if (value === undefined || value === null) return [];
  const problems = checkSpecification(value, name === 'inputs' ? 'inputSpec' : 'outputSpec', name);
  if (name === 'inputs' || problems.length > 0) return problems;
  return (value as WorkflowOutput[]).flatMap(({ outputSource }, index) => {
    const at = `outputs[${index}].outputSource`;
    const { links, problems: malformed } = findStageLinks(outputSource, at);
    if (malformed.length > 0) return malformed;
    const [found, another] = links;
    const single = isHash(outputSource) && found?.holder === 'value' && another === undefined;
    if (single && found.link.kind !== 'workflowInput') return [];
    return [`${at} must be a link to a stage: {"$dnanexus_link": {"stage": …, "outputField": …}}`];
  });
}

function checkCounts(stages: readonly Stage[], interfaces: Interfaces): string[] {
  let stageCount = 0;
  let inputCount = 0;
  let outputCount = 0;
  let depth = 1;
  for (const { executable } of stages) {
    const found = interfaces.get(executable);
    const { inputSpec = [], outputSpec = [] } = found ?? {};
    stageCount += found?.stageCount ?? 1;
    depth = Math.max(depth, (found?.depth ?? 0) + 1);
    inputCount += inputSpec.length;
    outputCount += outputSpec.length;
  }
  if (stageCount > maximumStageCount) {
    return [`the workflow would have ${stageCount} stages; at most ${maximumStageCount} are allowed`];
  }
  if (depth > maximumWorkflowDepth) {
    return [`the workflow would have ${depth} levels of workflows; at most ${maximumWorkflowDepth} are allowed`];
  }
  const fieldCount = Math.max(inputCount, outputCount);
  if (fieldCount <= maximumFieldCount) return [];
  const side = inputCount >= outputCount ? 'inputs' : 'outputs';
  return [`the stages would have ${fieldCount} ${side} together; at most ${maximumFieldCount} are allowed`];
}

function checkIds(stages: readonly Stage[]): string[] {
  const seen = new Set<string>();
  return stages.flatMap(({ id }) => {
    if (seen.has(id)) return [`the stage id "${id}" is taken by an earlier stage`];
    seen.add(id);
    return [];
  });
}

function checkIgnoreReuse({ ignoreReuse, stages }: WorkflowSpec): string[] {
  const known = new Set(['*', ...stages.map(({ id }) => id)]);
  return ignoreReuse.filter((id) => !known.has(id)).map((id) => `ignoreReuse: ${noSuchStage(id, stages)}`);
}

/** The stages that outputs name must exist. Their fields are judged when the workflow is closed. */
function checkSources({ outputs, stages }: WorkflowSpec): string[] {
  const known = new Set(stages.map(({ id }) => id));
  return (outputs ?? []).flatMap(({ name, outputSource }) => {
    const link = findStageLinks(outputSource, name).links[0]?.link;
    if (link === undefined || link.kind === 'workflowInput' || known.has(link.stage)) return [];
    return [`output "${name}" of the workflow: ${noSuchStage(link.stage, stages)}`];
  });
}
