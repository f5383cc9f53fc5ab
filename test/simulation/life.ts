// Lives the life of one seed, and compares everything that is left with the oracle and the orphan check.

import type { Row } from '../../core/context.ts';
import type { JobId } from '../../core/id/identifier.ts';
import type { MemoryContext } from '../memory/context.ts';
import { seededRandom } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { growTrees } from './grow.ts';
import { type Deed, expectedNumber, flatten, type KeptTry, type Member, problemsOfTree, type Tree } from './oracle.ts';
import { findOrphans } from './orphan.ts';
import { liveRandomly, type Outcome, type Tally, tenantOf, tenants } from './random.ts';

/** Every kind of event that must happen in a run of lives. */
export const kindsOfEvents = [
  ...['delivered', 'doubled', 'lost', 'died after a write', 'swept', 'clock jumped', 'host lost', 'silent', 'stopped'],
  ...['born', 'claimed', 'beat', 'finished', 'reported AppError', 'reported AppInternalError', 'terminated'],
  ...['reported JobTimeoutExceeded', 'job restarted', 'tree done', 'tree failed', 'tree terminated'],
];

/** A sentence for everything that is not as it must be at the end of the life of a seed. */
export async function problemsOfLife(seed: number, tally: Tally): Promise<string[]> {
  const roots = growTrees(seededRandom(seed));
  const outcome = await liveRandomly(seed, roots, tally);
  const trees = treesOf(outcome, roots);
  for (const tree of trees) {
    count(tally, `tree ${stateOf(tree)}`);
    if (tree.tries.length > 0) count(tally, 'job restarted');
  }
  const { context, accidents } = outcome;
  return [
    ...outcome.problems,
    ...trees.flatMap((tree) => problemsOfTree(tree, accidents)),
    ...trees.flatMap((tree, index) => outputProblems(context, roots[index], stateOf(tree), roots)),
    ...placeProblems(context, roots, trees),
    ...findOrphans(remainsOf(context)),
  ];
}

/** The trees of a life as the oracle reads them, parallel to `roots`. */
export function treesOf({ context, deeds }: Outcome, roots: readonly Deed[]): Tree[] {
  const rows = context.rows.all('executions');
  const unmet = new Set<string>();
  return roots.map(({ name }) => {
    const root = jobId(name);
    const own = rows.filter((row) => row.root === root && (row.sk === 'A' || row.sk.startsWith('T#')));
    const members = own.filter(({ sk }) => sk === 'A').map((row) => toMember(row, deeds));
    const tries = own.filter(({ sk }) => sk !== 'A').map(toTry);
    const tree = { root, members, tries, unmet: new Set(unmet) };
    if (stateOf(tree) !== 'done') unmet.add(name);
    return tree;
  });
}

function stateOf({ members, root }: Tree): string {
  return members.find(({ id }) => id === root)?.state ?? 'unborn';
}

/** Everything that a memory context holds. */
export function remainsOf(context: MemoryContext) {
  const { rows, content, workers } = context;
  const running = [...workers.states].filter(([, { kind }]) => kind !== 'ended').map(([name]) => name);
  const launched = [...workers.launches].filter(([, { state }]) => state.kind !== 'ended').map(([name]) => name);
  return {
    executions: rows.all('executions'),
    objects: rows.all('objects'),
    containers: rows.all('containers'),
    content: content.keys(),
    workers: [...running, ...launched],
  };
}

function toMember(row: Row, deeds: ReadonlyMap<JobId, Deed>): Member {
  const text = (name: string): string | undefined => (row[name] === undefined ? undefined : String(row[name]));
  return {
    id: row.pk,
    deed: deeds.get(row.pk as JobId),
    try: Number(row.try),
    parent: text('parent'),
    parentTry: row.parentTry === undefined ? undefined : Number(row.parentTry),
    state: String(row.state),
    reason: text('failureReason'),
    message: text('failureMessage') ?? '',
    from: text('failureFrom'),
    tombstone: row.tombstone === true,
  };
}

function toTry(row: Row): KeptTry {
  const { id, reason, from } = toMember(row, new Map());
  return { id, try: Number(row.sk.slice(2)), reason, from };
}

/** A tree that is done has the sum of its jobs in its output. */
function outputProblems(
  context: MemoryContext,
  root: Deed | undefined,
  state: string,
  roots: readonly Deed[],
): string[] {
  if (root === undefined || state !== 'done') return [];
  const all = new Map(roots.flatMap(flatten).map((deed) => [deed.name, deed]));
  const id = jobId(root.name);
  const attempt = Number(context.rows.peek('executions', { pk: id, sk: 'A' })?.try);
  const body = context.bodies.peek(attempt === 0 ? id : `${id}#${attempt}`, 'output') as {
    output: { tree: unknown[] };
  };
  const sum = (body.output.tree.flat(64) as number[]).reduce((one, other) => one + other, 0);
  return sum === expectedNumber(root, all) ? [] : [`${root.name} returned ${sum}`];
}

/**
 * The project of each tenant holds the objects of its own trees that are done. A termination may come between the
 * cloning of an output and the end of its job; nothing else may leave objects there.
 */
function placeProblems(context: MemoryContext, roots: readonly Deed[], trees: readonly Tree[]): string[] {
  return tenants.flatMap((tenant) => {
    const places = (wanted: (state: string) => boolean): number => {
      const own = roots.filter(
        (root, index) => tenantOf(root) === tenant && trees[index] && wanted(stateOf(trees[index])),
      );
      return own.flatMap(flatten).filter(({ makes }) => makes).length;
    };
    const [least, most] = [places((state) => state === 'done'), places((state) => state !== 'failed')];
    const found = context.rows.all('objects').filter(({ sk }) => sk === `P#${tenant.project}`).length;
    if (found >= least && found <= most) return [];
    return [`the project of ${tenant.user} holds ${found} objects instead of ${least} to ${most}`];
  });
}

function count(tally: Tally, what: string): void {
  tally.set(what, (tally.get(what) ?? 0) + 1);
}
