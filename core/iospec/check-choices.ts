// Checks the values of an input that are known when an executable is called: `choices`, and whole numbers that are too
// large (docs/reference/api.md, "Problems of inputs and outputs").

import { readReference } from '../reference/reference.ts';
import { type Hash, isHash } from '../reference/value.ts';
import { isElement, isPendingReference, isTooLarge, tooLarge } from './check-values.ts';
import { flattenArray } from './fill-input.ts';
import { elementClass, isArrayClass, type Parameter, type Specification } from './parameter.ts';

/** A sentence for each value that the call refuses at once: it is not one of the `choices`, or it is too large. */
export function checkKnownValues(specification: Specification, values: Hash): string[] {
  return specification.flatMap((parameter) => {
    const isInteger = elementClass(parameter.class) === 'int';
    const large = isInteger ? itemsOf(parameter, values[parameter.name]).filter(isTooLarge) : [];
    const problems = large.map((item) => tooLarge(`the input "${parameter.name}"`, item));
    return [...problems, ...checkChoices([parameter], values)].slice(0, problemCountPerValue);
  });
}

/**
 * A sentence for each value that is not one of its parameter's `choices`. References pass until they are resolved, and
 * so does the default. A list that holds anything but values of the class (a path, the text of a number) is a hint for
 * clients: it does not restrict.
 */
export function checkChoices(specification: Specification, values: Hash): string[] {
  return specification.flatMap((parameter) => {
    const choices = choicesOf(parameter);
    if (choices === undefined || !Object.hasOwn(values, parameter.name)) return [];
    return itemsOf(parameter, values[parameter.name])
      .filter((item) => !isPendingReference(item) && !choices.keys.has(keyOf(item)))
      .map((item) => `the input "${parameter.name}" is ${print(item)}; it must be one of ${choices.printed}`)
      .slice(0, problemCountPerValue);
  });
}

function choicesOf(parameter: Parameter) {
  const wanted = elementClass(parameter.class);
  const { choices, default: otherwise } = parameter;
  if (!Array.isArray(choices) || choices.length === 0 || wanted === 'hash') return undefined;
  const allowed = choices.map(choiceOf);
  if (!allowed.every((choice) => isElement(wanted, choice))) return undefined;
  const listed = allowed.slice(0, printedChoiceCount).map(print).join(', ');
  const printed =
    allowed.length > printedChoiceCount ? `${listed} and ${allowed.length - printedChoiceCount} more` : listed;
  return { keys: new Set([...allowed, ...itemsOf(parameter, otherwise)].map(keyOf)), printed };
}

/** A choice may have a name for people: `{"name", "value"}`. */
function choiceOf(choice: unknown): unknown {
  return isHash(choice) && Object.hasOwn(choice, 'value') ? choice.value : choice;
}

function itemsOf(parameter: Parameter, value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return isArrayClass(parameter.class) && Array.isArray(value) ? flattenArray(value) : [value];
}

/** Equal values have equal keys. A link counts by its object, not by its place. */
function keyOf(value: unknown): string {
  const reference = isHash(value) ? readReference(value) : undefined;
  return JSON.stringify(reference?.kind === 'object' ? reference.object : value) ?? '';
}

function print(value: unknown): string {
  const reference = isHash(value) ? readReference(value) : undefined;
  return reference?.kind === 'object' ? reference.object : (JSON.stringify(value) ?? 'nothing').slice(0, printedLength);
}

const problemCountPerValue = 10;
const printedChoiceCount = 50;
const printedLength = 100;
