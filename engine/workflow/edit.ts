// Carries out edits of workflows. An edit is one transaction, on condition that the workflow is open and that nobody
// else has edited it.

import type { Context, Write } from '../../core/context.ts';
import { resourceNotFound } from '../../core/error/api-error.ts';
import { isObjectId, type ObjectId } from '../../core/id/identifier.ts';
import { findDetailLinks } from '../../core/object/link.ts';
import { linkKey, objectKey } from '../../core/row/objects.ts';
import { packedRow } from '../../core/row/packed.ts';
import { accepted } from '../../core/run/refusal.ts';
import { afterEdit, checkEdit, type Edited } from '../../core/workflow/edit.ts';
import type { Stage, WorkflowSpec } from '../../core/workflow/workflow.ts';
import { deleteLinks, writeLinks } from '../placement/link.ts';
import { type LoadedObject, loadObject } from '../store/load-object.ts';
import { pack } from '../store/packed.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';

export type Edit = {
  /** The number of the workflow that the caller has read. */
  readonly editVersion: number;
  /** Digest of the call and its caller. The same edit again changes nothing. */
  readonly digest: string;
  /** The workflow after the edit, or the refusal. */
  change(spec: WorkflowSpec): Promise<Edited> | Edited;
};

/**
 * The workflow after the edit.
 *
 * @throws ApiError InvalidState when it is closed or was edited meanwhile, and what `change` refuses
 */
export async function editWorkflow(context: Context, { id }: LoadedObject, edit: Edit): Promise<WorkflowSpec> {
  return retryWhileChanged(`"${id}"`, async () => {
    const object = await loadObject(context, id);
    if (object?.spec === undefined) throw resourceNotFound(id);
    const before = object.spec as WorkflowSpec;
    const asked = { asked: edit.editVersion, digest: edit.digest, id, state: object.row.state };
    if (accepted(checkEdit(before, asked)).when === 'before') return before;
    const { spec } = accepted(await edit.change(before));
    const after = afterEdit(spec, edit.digest);
    return (await save(context, object, before, after)) ? after : changed;
  });
}

/**
 * Closes a workflow for ever. A closed one does not change.
 *
 * @param check refuses a workflow that is not complete
 */
export async function closeWorkflow(
  context: Context,
  id: ObjectId,
  check: (spec: WorkflowSpec) => Promise<void>,
): Promise<void> {
  await retryWhileChanged(`"${id}"`, async () => {
    const object = await loadObject(context, id);
    if (object?.spec === undefined) throw resourceNotFound(id);
    const { state, dying } = object.row;
    if (state === 'closed') return undefined;
    const spec = object.spec as WorkflowSpec;
    await check(spec);
    const expected = { state, editVersion: spec.editVersion, dying };
    return (await context.rows.update('objects', objectKey(id), { set: { state: 'closed' } }, expected)) ?? changed;
  });
}

async function save(
  context: Context,
  { id, row, details }: LoadedObject,
  before: WorkflowSpec,
  after: WorkflowSpec,
): Promise<boolean> {
  const links = stageLinks(after.stages);
  const change = { set: { editVersion: after.editVersion, stageLinks: [...links] } };
  const expected = { state: 'open', editVersion: before.editVersion, dying: row.dying };
  const writes: Write[] = [
    { kind: 'update', table: 'objects', key: objectKey(id), change, expected },
    { kind: 'put', table: 'objects', row: packedRow(id, 'workflow', pack(after, 'the workflow')) },
  ];
  const old = new Set(stageLinks(before.stages));
  const added = links.filter((link) => !old.has(link));
  const ownLinks = new Set(findDetailLinks(details ?? {}).links);
  const removed = [...old].filter((link) => !links.includes(link) && !ownLinks.has(link));
  // The rows of links change together with the workflow, unless they are too many for one transaction.
  if (writes.length + added.length + removed.length > maximumWriteCount) {
    await writeLinks(context, id, added);
    const saved = await context.rows.transact(writes);
    if (saved) await deleteLinks(context, id, removed);
    return saved;
  }
  for (const link of added) writes.push({ kind: 'put', table: 'objects', row: linkKey(link, id) });
  for (const link of removed) writes.push({ kind: 'delete', table: 'objects', key: linkKey(link, id) });
  return context.rows.transact(writes);
}

/** The data objects among the executables of stages, each once: they are links of the workflow. */
export function stageLinks(stages: readonly Stage[]): ObjectId[] {
  const ids: readonly string[] = stages.map(({ executable }) => executable);
  return [...new Set(ids.filter(isObjectId))];
}

/** Writes of one transaction. */
const maximumWriteCount = 100;
