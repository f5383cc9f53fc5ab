// Decides on a job's input once everything that it waits for is ready: the final input, the problems that fail the job,
// and the objects that go into the workspace. Everything that was looked up is an argument.

import { type Failure, failureMessages } from '../execution/failure.ts';
import type { Pin } from '../execution/pin.ts';
import type { ObjectId, PlaceId } from '../id/identifier.ts';
import { checkChoices } from '../iospec/check-choices.ts';
import { checkValues } from '../iospec/check-values.ts';
import { fillInput } from '../iospec/fill-input.ts';
import { findReferences, referredJobs, referredObjects } from '../reference/find.ts';
import { type Referenced, resolveValues } from '../reference/resolve.ts';
import type { Hash } from '../reference/value.ts';
import { type HandedOver, unseenObjects } from './handed-over.ts';
import { isMaster, type JobRow } from './row.ts';
import type { ExecutionSpec } from './spec.ts';

type Given = Pick<ExecutionSpec, 'originalInput' | 'inputSpec'>;
type Problems = { readonly problems: readonly string[] };

export type ResolvedInput = {
  /** The input as the executable gets it: references replaced, arrays flattened. */
  readonly input: Hash;
  /** The data objects that the input as given links to. */
  readonly linked: readonly ObjectId[];
  /** The data objects that only the outputs of other jobs revealed. They have to be closed too. */
  readonly arrived: readonly ObjectId[];
};

export type InputFacts = {
  readonly row: JobRow;
  readonly spec: Given & Pick<ExecutionSpec, 'pins'>;
  readonly resolved: ResolvedInput;
  /** The findings for `resolved.linked`. Only those of a master job are looked up, because they are cloned. */
  readonly linked: HandedOver;
  /** The findings for `resolved.arrived`. */
  readonly arrived: HandedOver;
};
export type InputPlan = {
  /** The objects that go into the workspace, by the place that they are taken from. */
  readonly pins: ReadonlyMap<PlaceId, readonly ObjectId[]>;
  /** The content of body `I`. Undefined when the job does not need one (`isInputStored`). */
  readonly input: Hash | undefined;
};

/** The input with the outputs that it refers to, or the problems of putting them in. */
export function resolveInput(spec: Given, referenced: Referenced): ResolvedInput | Problems {
  const resolved = resolveValues(spec.originalInput, referenced);
  if ('problem' in resolved) return { problems: [resolved.problem] };
  const input = asRun(spec, resolved.value);
  const linked = referredObjects(findReferences(spec.originalInput));
  const known = new Set(linked);
  const arrived = referredObjects(findReferences(input)).filter((object) => !known.has(object));
  return { input, linked, arrived };
}

/**
 * The plan for a resolved input. A subjob has no specification and works where its objects are, so only its links are
 * checked. Values are checked once every object that arrived may be used.
 */
export function planInput(facts: InputFacts): InputPlan | Problems {
  const { row, spec, resolved } = facts;
  const problems = isMaster(row) ? checkInput(facts) : refuseUnseen(row, resolved.arrived, facts.arrived);
  if (problems.length > 0) return { problems };
  return {
    pins: isMaster(row) ? planPins(facts) : new Map(),
    input: isInputStored(spec) ? resolved.input : undefined,
  };
}

/**
 * True when outputs of other jobs become part of the input. Body `I` then holds it; otherwise body `S` has everything.
 */
export function isInputStored({ originalInput }: Given): boolean {
  return referredJobs(findReferences(originalInput)).length > 0;
}

/**
 * An input as the executable gets it: with defaults, and flat arrays where the specification names them
 * (docs/reference/api.md, "Classes of values").
 */
export function asRun({ inputSpec }: Given, input: Hash): Hash {
  return fillInput(inputSpec, input).input;
}

/** The failure of a job whose input has these problems. */
export function inputFailure(problems: readonly string[]): Failure {
  return { reason: 'InputError', message: failureMessages.input(problems) };
}

/** A sentence for each object of an input that the reader of the input may not see, or not use in the job's project. */
export function refuseUnseen(row: JobRow, objects: readonly ObjectId[], found: HandedOver): string[] {
  return [
    ...unseenObjects(objects, found).map(failureMessages.dependencyGone),
    ...found.bound.map(
      (object) =>
        `${object} is in a project that is restricted or in another region: it cannot be used in ${row.project}`,
    ),
  ];
}

function checkInput({ row, spec, resolved, linked, arrived }: InputFacts): string[] {
  const refused = [...refuseUnseen(row, resolved.linked, linked), ...refuseUnseen(row, resolved.arrived, arrived)];
  if (refused.length > 0 || spec.inputSpec === undefined) return refused;
  return [
    // An output that is null leaves the input without a value, like a null in the call.
    ...fillInput(spec.inputSpec, resolved.input).problems,
    ...checkValues(spec.inputSpec, resolved.input, new Map([...linked.facts, ...arrived.facts])),
    ...checkChoices(spec.inputSpec, resolved.input),
  ];
}

/** The pins of the specification come first, then the links of the input, from where the reader sees them. */
function planPins({ row, spec, resolved, linked, arrived }: InputFacts): Map<PlaceId, ObjectId[]> {
  const pinned = new Set(spec.pins.map(({ object }) => object));
  const others = [...resolved.linked, ...resolved.arrived].filter((object) => !pinned.has(object));
  const pins = [...spec.pins, ...others.map((object): Pin => ({ object }))];
  const seenIn = (object: ObjectId) => linked.places.get(object) ?? arrived.places.get(object);
  const byPlace = Map.groupBy(pins, ({ object, project }) => seenIn(object) ?? project ?? row.project);
  return new Map([...byPlace].map(([place, some]) => [place, [...new Set(some.map(({ object }) => object))]]));
}
