// Checks the checks of the random lives: a job that ends otherwise than it must, and a row that nobody wants, are found.

import { describe, expect, test } from 'vitest';
import { seededRandom } from '../memory/context.ts';
import { growTrees } from './grow.ts';
import { remainsOf, treesOf } from './life.ts';
import { type Member, problemsOfTree, type Tree } from './oracle.ts';
import { findOrphans, type Remains } from './orphan.ts';
import { liveRandomly, type Outcome } from './random.ts';

const lives: { readonly outcome: Outcome; readonly trees: readonly Tree[] }[] = [];
for (let seed = 1; seed <= 40; seed++) {
  const roots = growTrees(seededRandom(seed));
  const outcome = await liveRandomly(seed, roots, new Map());
  lives.push({ outcome, trees: treesOf(outcome, roots) });
}

type Tampering = {
  readonly concerns: (member: Member, root: Member | undefined) => boolean;
  readonly change: Partial<Member>;
};
const ended = (one: Member): boolean => one.state !== 'done' && !one.tombstone;
const tamperings: Record<string, Tampering> = {
  'failed instead of terminated': {
    concerns: (one) => ended(one) && one.state === 'terminated',
    change: { state: 'failed' },
  },
  'terminated instead of failed': { concerns: (one) => one.state === 'failed', change: { state: 'terminated' } },
  'of another reason': { concerns: ended, change: { reason: 'OutputError' } },
  'with another message': { concerns: ended, change: { message: 'something went wrong' } },
  'with a stranger as its cause': { concerns: ended, change: { from: 'job-stranger' } },
  'without its cause': { concerns: (one) => one.from !== undefined, change: { from: undefined } },
  never: { concerns: (one) => !one.tombstone, change: { state: 'waiting_on_output' } },
  'badly in a tree that is done': {
    concerns: (one, root) => one.state === 'done' && root?.state === 'done',
    change: { state: 'failed', reason: 'AppError', message: 'as planned' },
  },
};

describe('the oracle finds a job that ended', () => {
  test.each(Object.entries(tamperings))('%s', (_title, { concerns, change }) => {
    let tried = 0;
    for (const { outcome, trees } of lives) {
      for (const tree of trees) {
        const root = tree.members.find(({ id }) => id === tree.root);
        for (const one of tree.members.filter((member) => concerns(member, root))) {
          const members = tree.members.map((member) => (member === one ? { ...one, ...change } : member));
          expect(problemsOfTree({ ...tree, members }, outcome.accidents), JSON.stringify(one)).not.toEqual([]);
          tried++;
        }
      }
    }
    expect(tried).toBeGreaterThan(3);
  });

  test('twice: an earlier try that is not kept', () => {
    const restarted = lives.flatMap(({ outcome, trees }) =>
      trees.filter(({ tries }) => tries.length > 0).map((tree) => ({ outcome, tree })),
    );
    expect(restarted.length).toBeGreaterThan(0);
    for (const { outcome, tree } of restarted) {
      expect(problemsOfTree({ ...tree, tries: [] }, outcome.accidents)).not.toEqual([]);
    }
  });
});

describe('the orphan check finds', () => {
  const job = 'job-000000000000000000000000';
  const open = { pk: job, sk: 'A', state: 'done' };
  const strays: Record<string, Partial<Remains>> = {
    'a job that is left in the index': { executions: [{ ...open, dueAt: 1, openShard: 0 }] },
    'a job that has not ended': { executions: [{ ...open, state: 'running' }] },
    'a member without a job': { executions: [{ pk: `tree#${job}`, sk: `${job}#${job}` }] },
    'a row of a workspace': {
      executions: [open],
      objects: [{ pk: 'container-000000000000000000000000#/', sk: 'name#record-000000000000000000000000' }],
    },
    'an object that is placed nowhere': { objects: [{ pk: 'record-000000000000000000000000', sk: 'A' }] },
    'an object in a workspace': {
      objects: [
        { pk: 'record-000000000000000000000000', sk: 'A' },
        { pk: 'record-000000000000000000000000', sk: 'P#container-000000000000000000000000' },
      ],
    },
    'bytes without a file': { content: ['w/project-000000000000000000000000/file-000000000000000000000000'] },
    'a worker that goes on': { workers: ['task'] },
  };
  test.each(Object.entries(strays))('%s', (_title, stray) => {
    const nothing = { executions: [], objects: [], containers: [], content: [], workers: [] };
    expect(findOrphans({ ...nothing, ...stray })).not.toEqual([]);
  });

  test('nothing after a life', () => {
    for (const { outcome } of lives) expect(findOrphans(remainsOf(outcome.context))).toEqual([]);
  });
});
