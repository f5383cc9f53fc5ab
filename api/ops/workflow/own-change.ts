// Reads the fields of a workflow itself from a call that makes or updates one.

import { parseFolder } from '../../../core/container/folder-path.ts';
import { invalidInput } from '../../../core/error/api-error.ts';
import { given } from '../../../core/given.ts';
import { checkOwnFields } from '../../../core/workflow/check-workflow.ts';
import type { WorkflowChange } from '../../../core/workflow/edit.ts';
import type { WorkflowSpec } from '../../../core/workflow/workflow.ts';

type OwnInput = {
  readonly title?: string | null | undefined;
  readonly summary?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly outputFolder?: string | null | undefined;
  readonly inputs?: unknown;
  readonly outputs?: unknown;
  readonly ignoreReuse?: readonly string[] | null | undefined;
};

/**
 * The fields that the call sets.
 *
 * @param whenNull whether null is the same as absent, or resets the field
 * @throws ApiError InvalidInput with every fault
 */
export function ownChange(input: OwnInput, whenNull: 'absent' | 'reset'): WorkflowChange {
  const { title, summary, description, outputFolder, inputs, outputs, ignoreReuse } = input;
  const problems = [
    ...(outputFolder == null ? [] : checkOutputFolder(outputFolder)),
    ...checkOwnFields(inputs, 'inputs'),
    ...checkOwnFields(outputs, 'outputs'),
  ];
  if (problems.length > 0) throw invalidInput(problems);
  const or = <Value, Reset>(value: Value | null | undefined, reset: Reset): Value | Reset | undefined =>
    value === null ? (whenNull === 'reset' ? reset : undefined) : value;
  return given({
    title: or(title, null),
    summary: or(summary, ''),
    description: or(description, ''),
    outputFolder: or(outputFolder, null),
    inputs: or(inputs as WorkflowSpec['inputs'] | undefined, null),
    outputs: or(outputs as WorkflowSpec['outputs'] | undefined, null),
    ignoreReuse: or(ignoreReuse, []),
  });
}

function checkOutputFolder(folder: string): string[] {
  const parsed = parseFolder(folder);
  return 'problem' in parsed ? [`expected key "outputFolder" of input to ${parsed.problem}`] : [];
}
