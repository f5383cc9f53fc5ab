// The specifications of a workflow, made from those of its stages (docs/reference/api.md, "Workflows").

import { readMetadataDefault } from '../iospec/metadata-default.ts';
import type { Parameter, Specification } from '../iospec/parameter.ts';
import type { Interface, Interfaces, Stage, WorkflowSpec } from './workflow.ts';

type Specifications = { readonly inputSpec: Specification; readonly outputSpec: Specification };

/**
 * Every input and output of every stage, named `<stage>.<field>`. A bound value is the default of its input. Undefined
 * when an executable could not be found.
 */
export function synthesize({ stages }: WorkflowSpec, interfaces: Interfaces): Specifications | undefined {
  if (stages.some(({ executable }) => !interfaces.has(executable))) return undefined;
  const of = (stage: Stage): Interface | undefined => interfaces.get(stage.executable);
  return {
    inputSpec: stages.flatMap((stage) => (of(stage)?.inputSpec ?? []).map((parameter) => inputOf(stage, parameter))),
    outputSpec: stages.flatMap((stage) => (of(stage)?.outputSpec ?? []).map((parameter) => inStage(stage, parameter))),
  };
}

/**
 * The workflow as the executable of a stage. Its own inputs and outputs hide those of its stages. Undefined when an
 * executable could not be found.
 */
export function interfaceOf(spec: WorkflowSpec, closed: boolean, interfaces: Interfaces): Interface | undefined {
  const made = synthesize(spec, interfaces);
  if (made === undefined) return undefined;
  const below = spec.stages.map(({ executable }) => interfaces.get(executable));
  return {
    inputSpec: spec.inputs ?? made.inputSpec,
    outputSpec: spec.outputs?.map(({ outputSource, ...parameter }) => parameter as Parameter) ?? made.outputSpec,
    closed,
    stageCount: below.reduce((sum, one) => sum + (one?.stageCount ?? 1), 1),
    depth: below.reduce((most, one) => Math.max(most, (one?.depth ?? 0) + 1), 1),
  };
}

function inputOf(stage: Stage, parameter: Parameter): Parameter {
  const named = inStage(stage, parameter);
  if (Object.hasOwn(stage.input, parameter.name)) return { ...named, default: stage.input[parameter.name] };
  const source = readMetadataDefault(parameter.default);
  if (source === undefined) return named;
  const link = { input: `${stage.id}.${source.input}`, metadata: source.metadata };
  return { ...named, default: { $dnanexus_link: link } };
}

function inStage({ id, name }: Stage, parameter: Parameter): Parameter {
  return { ...parameter, name: `${id}.${parameter.name}`, group: name ?? id };
}
