// Whether an executable can take the place of another one in a stage (docs/reference/api.md, "Workflows").

import { isOptional, type Specification } from '../iospec/parameter.ts';
import { classFits } from './check-links.ts';
import type { Interface, StageExecutable } from './workflow.ts';

/**
 * A sentence for each reason why the new executable does not fit: an input or output of the old one that it lacks or
 * has with another class, or an input that it requires and the old one does not have. Empty when it fits.
 *
 * @param old the executable of the stage, without an interface when it could not be found
 */
export function incompatibilities(
  old: { readonly executable: StageExecutable; readonly interface: Interface | undefined },
  replacement: Interface,
): string[] {
  if (old.interface === undefined) {
    return [`${old.executable}, the present executable of the stage, could not be found, so it cannot be compared`];
  }
  const { inputSpec = [], outputSpec = [] } = old.interface;
  const newInputs = replacement.inputSpec ?? [];
  const known = new Set(inputSpec.map(({ name }) => name));
  const required = newInputs.filter((parameter) => !known.has(parameter.name) && !isOptional(parameter));
  return [
    ...compare('input', inputSpec, newInputs, (was, is) => classFits(was, is)),
    ...required.map(({ name }) => `the input "${name}" is required, and the present executable does not have it`),
    ...compare('output', outputSpec, replacement.outputSpec ?? [], (was, is) => classFits(is, was)),
  ];
}

function compare(
  side: 'input' | 'output',
  old: Specification,
  replacement: Specification,
  fits: (was: Specification[number]['class'], is: Specification[number]['class']) => boolean,
): string[] {
  return old.flatMap(({ name, class: was }) => {
    const found = replacement.find((parameter) => parameter.name === name);
    if (found === undefined) return [`the ${side} "${name}" is missing`];
    return fits(was, found.class) ? [] : [`the ${side} "${name}" has the class ${found.class} instead of ${was}`];
  });
}
