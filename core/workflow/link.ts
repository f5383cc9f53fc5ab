// The links that only definitions of workflows have: to an input or output of a stage, and to an input of the workflow
// (docs/reference/api.md, "Workflows").

import { readReference } from '../reference/reference.ts';
import { type Hash, isHash } from '../reference/value.ts';

export type StageLink =
  | { readonly kind: 'output' | 'input'; readonly stage: string; readonly field: string }
  | { readonly kind: 'workflowInput'; readonly field: string };

/**
 * Reads a hash. The result is a link, a problem when the hash is marked as a link of a workflow but has another form,
 * or undefined for any other hash.
 */
export function readStageLink(hash: Hash): StageLink | { readonly problem: string } | undefined {
  const link = hash[linkKey];
  if (!isHash(link) || !linkFields.some((field) => Object.hasOwn(link, field))) return undefined;
  // A reference to a stage of an analysis names a stage, too.
  if (Object.hasOwn(link, 'analysis') || Object.hasOwn(link, 'job') || Object.hasOwn(link, 'id')) return undefined;
  if (Object.keys(hash).length !== 1) return { problem: `"${linkKey}" must be the only key of its hash` };
  const { workflowInputField, stage, outputField, inputField, ...others } = link;
  const [other] = Object.keys(others);
  if (other !== undefined) return { problem: `a link to a stage or an input of the workflow has no key "${other}"` };
  const field = outputField ?? inputField;
  if (isName(workflowInputField) && stage === undefined && field === undefined) {
    return { kind: 'workflowInput', field: workflowInputField };
  }
  const one = (outputField === undefined) !== (inputField === undefined);
  if (workflowInputField === undefined && isName(stage) && isName(field) && one) {
    return { kind: outputField === undefined ? 'input' : 'output', stage, field };
  }
  return { problem: `a link must be {"stage", "outputField"}, {"stage", "inputField"} or {"workflowInputField"}` };
}

/** A link with its place in the value: `path` names it, and `holder` says what holds it. */
export type FoundLink = {
  readonly link: StageLink;
  readonly path: string;
  /** The value itself, an element of it (an array of any depth), or something in a hash. */
  readonly holder: 'value' | 'array' | 'hash';
};

/** Every link in a bound value, in order, and a sentence for each malformed one. The depth was checked before. */
export function findStageLinks(
  value: unknown,
  path: string,
): { readonly links: readonly FoundLink[]; readonly problems: readonly string[] } {
  const links: FoundLink[] = [];
  const problems: string[] = [];
  const visit = (inner: unknown, at: string, holder: FoundLink['holder']): void => {
    if (Array.isArray(inner)) {
      for (const [index, item] of inner.entries()) {
        visit(item, `${at}[${index}]`, holder === 'hash' ? 'hash' : 'array');
      }
      return;
    }
    if (!isHash(inner)) return;
    const found = readStageLink(inner);
    if (found !== undefined) {
      if ('problem' in found) problems.push(`${at}: ${found.problem}`);
      else links.push({ link: found, path: at, holder });
      return;
    }
    const reference = readReference(inner);
    if (reference?.kind === 'problem') problems.push(`${at}: ${reference.problem}`);
    if (reference === undefined) for (const [name, item] of Object.entries(inner)) visit(item, `${at}.${name}`, 'hash');
  };
  visit(value, path, 'value');
  return { links, problems };
}

/** The link as a value again. */
export function linkOf(link: StageLink): Hash {
  if (link.kind === 'workflowInput') return { [linkKey]: { workflowInputField: link.field } };
  const field = link.kind === 'output' ? { outputField: link.field } : { inputField: link.field };
  return { [linkKey]: { stage: link.stage, ...field } };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

const linkKey = '$dnanexus_link';
const linkFields = ['stage', 'workflowInputField', 'outputField', 'inputField'];
