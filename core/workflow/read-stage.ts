// Reads what calls say about a stage: a new one, or a change of one. Only the stage itself is checked here. Its links
// are checked together with the whole workflow (check-workflow.ts).

import { parseFolder } from '../container/folder-path.ts';
import { type ApiError, invalidInput, invalidType } from '../error/api-error.ts';
import { checkExecutionPolicy, type ExecutionPolicy } from '../executable/policy.ts';
import { checkSystemRequirements, type SystemRequirements } from '../executable/requirements.ts';
import { given } from '../given.ts';
import { isId, parseId } from '../id/identifier.ts';
import { type Hash, isHash } from '../reference/value.ts';
import { isStageId, stageIdForm } from './stage-id.ts';
import type { Stage, StageExecutable } from './workflow.ts';

/** The changes of one stage. Null in `input` removes a binding. */
export type StageChange = Partial<Omit<Stage, 'id' | 'executable'>>;

/**
 * The executable that a call names.
 *
 * @param at names the field in the sentences
 */
export function readExecutable(
  value: unknown,
  at: string,
): { readonly executable: StageExecutable } | { readonly refused: ApiError } {
  if (isId(value, 'applet') || isId(value, 'workflow') || isId(value, 'app')) return { executable: value };
  if (typeof value === 'string' && appPattern.test(value) && value.length <= maximumNameLength) {
    return { executable: value as StageExecutable };
  }
  const wanted = 'the id of an applet, app or workflow';
  if (parseId(value) !== undefined) return { refused: invalidType(String(value), `${wanted}, as ${at} must be`) };
  return { refused: invalidInput(`${at} must be ${wanted}, not ${quote(value)}`) };
}

/**
 * A new stage. Keys that stages do not have are ignored, because clients send on what their files have.
 *
 * @param madeId the id of a stage that has none
 */
export function readStage(
  value: Hash,
  executable: StageExecutable,
  madeId: string,
  at: string,
): { readonly stage: Stage } | { readonly problems: readonly string[] } {
  const id = value.id ?? madeId;
  const change = readChange(value, at);
  const badId = isStageId(id) ? [] : [`${at}.id must consist of ${stageIdForm}, not ${quote(id)}`];
  if ('problems' in change) return { problems: [...badId, ...change.problems] };
  if (!isStageId(id)) return { problems: badId };
  return { stage: applyChange({ ...emptyStage, id, executable }, change.change) };
}

/** The part of a hash that sets fields of a stage. */
export function readChange(
  value: Hash,
  at: string,
): { readonly change: StageChange } | { readonly problems: readonly string[] } {
  const { name, folder, input, executionPolicy, systemRequirements } = value;
  const problems = [
    ...checkName(name, `${at}.name`),
    ...checkFolder(folder, `${at}.folder`),
    ...(input === undefined || input === null || isHash(input) ? [] : [`${at}.input must be a hash`]),
    ...checkExecutionPolicy(executionPolicy ?? undefined, `${at}.executionPolicy`),
    ...checkSystemRequirements(systemRequirements ?? undefined, `${at}.systemRequirements`),
  ];
  if (problems.length > 0) return { problems };
  const change = given({
    name: name as string | null | undefined,
    folder: folder as string | null | undefined,
    input: (input ?? undefined) as Hash | undefined,
    executionPolicy: orEmpty(executionPolicy) as ExecutionPolicy | undefined,
    systemRequirements: orEmpty(systemRequirements) as SystemRequirements | undefined,
  });
  return { change };
}

/** The stage with what the change sets. A binding that is null goes. */
export function applyChange(stage: Stage, { input = {}, ...others }: StageChange): Stage {
  const bound = Object.entries({ ...stage.input, ...input }).filter(([, value]) => value !== null);
  return { ...stage, ...others, input: Object.fromEntries(bound) };
}

/** A sentence when a folder of outputs is not a path. */
function checkFolder(folder: unknown, at: string): string[] {
  if (folder === undefined || folder === null) return [];
  if (typeof folder !== 'string' || folder === '') return [`${at} must be a path`];
  const parsed = parseFolder(folder.startsWith('/') ? folder : `/${folder}`);
  return 'problem' in parsed ? [`${at} must ${parsed.problem}`] : [];
}

function checkName(name: unknown, at: string): string[] {
  if (name === undefined || name === null) return [];
  const fits = typeof name === 'string' && Buffer.byteLength(name) <= maximumNameLength;
  return fits ? [] : [`${at} must be text of at most ${maximumNameLength} bytes`];
}

/** Null resets a hash. */
function orEmpty(value: unknown): unknown {
  return value === null ? {} : value;
}

function quote(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 100) ?? 'missing';
}

/** By name, or by name and version or alias: `app-bwa`, or `app-bwa` with a slash and `1.0.0`. */
const appPattern = /^app-[a-z0-9._-]+(?:\/[a-zA-Z0-9._+-]+)?$/;
const maximumNameLength = 2_048;
const emptyStage = { name: null, folder: null, input: {}, executionPolicy: {}, systemRequirements: {} } as const;
