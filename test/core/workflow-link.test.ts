// Links inside workflows: their forms, and the order of stages that follows from them.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import type { Hash } from '../../core/reference/value.ts';
import { findStageLinks, linkOf, readStageLink } from '../../core/workflow/link.ts';
import { linkedStages, stageLevels } from '../../core/workflow/order.ts';
import type { Stage } from '../../core/workflow/workflow.ts';

describe('a link of a workflow', () => {
  it.each([
    [
      { stage: 'a', outputField: 'x' },
      { kind: 'output', stage: 'a', field: 'x' },
    ],
    [
      { stage: 'a', inputField: 'x' },
      { kind: 'input', stage: 'a', field: 'x' },
    ],
    [{ workflowInputField: 'x' }, { kind: 'workflowInput', field: 'x' }],
  ])('is read from %j and written as before', (body, link) => {
    const hash = { $dnanexus_link: body };
    expect(readStageLink(hash)).toEqual(link);
    expect(linkOf(link as Parameters<typeof linkOf>[0])).toEqual(hash);
  });

  it.each([
    [{ $dnanexus_link: { stage: 'a' } }, 'a link must be {"stage", "outputField"}'],
    [{ $dnanexus_link: { stage: 'a', outputField: 'x', inputField: 'y' } }, 'a link must be'],
    [{ $dnanexus_link: { stage: 'a', workflowInputField: 'x' } }, 'a link must be'],
    [{ $dnanexus_link: { stage: 3, outputField: 'x' } }, 'a link must be'],
    [{ $dnanexus_link: { outputField: 'x' } }, 'a link must be'],
    [{ $dnanexus_link: { workflowInputField: '' } }, 'a link must be'],
    [{ $dnanexus_link: { stage: 'a', outputField: 'x', index: 1 } }, 'has no key "index"'],
    [{ $dnanexus_link: { stage: 'a', outputField: 'x' }, more: 1 }, 'the only key of its hash'],
  ])('%j is a problem', (hash, problem) => {
    expect(readStageLink(hash)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it.each([
    [{ $dnanexus_link: deriveId('file', 'u', 'r', '1') }],
    [{ $dnanexus_link: { analysis: deriveId('analysis', 'u', 'r', '1'), stage: 'a', field: 'x' } }],
    [{ stage: 'a', outputField: 'x' }],
    [{}],
  ])('%j is not one', (hash) => {
    expect(readStageLink(hash)).toBeUndefined();
  });

  it('is found wherever a bound value holds it', () => {
    const link = output('a', 'x');
    const { links, problems } = findStageLinks({ one: link, many: [[link]], hash: { deep: [link] } }, 'input');
    expect(problems).toEqual([]);
    expect(links.map(({ path, holder }) => [path, holder])).toEqual([
      ['input.one', 'hash'],
      ['input.many[0][0]', 'hash'],
      ['input.hash.deep[0]', 'hash'],
    ]);
    expect(findStageLinks(link, 'x').links[0]?.holder).toBe('value');
    expect(findStageLinks([[link]], 'x').links[0]?.holder).toBe('array');
  });

  it('a malformed link of any kind is reported with its place', () => {
    const value = { x: [{ $dnanexus_link: 'nonsense' }, { $dnanexus_link: { stage: 'a' } }] };
    expect(findStageLinks(value, 'input').problems).toEqual([
      expect.stringMatching(/^input\.x\[0\]: "nonsense"/),
      expect.stringMatching(/^input\.x\[1\]: a link must be/),
    ]);
  });
});

describe('the levels of stages', () => {
  it('a stage comes after those that its input links to, whatever the order of the list is', () => {
    const stages = [stage('c', ['a', 'b']), stage('b', ['a']), stage('a', []), stage('d', [])];
    expect(stageLevels(stages)).toEqual({ levels: [2, 1, 0, 0] });
    expect(linkedStages(stage('c', ['a', 'b', 'a']))).toEqual(['a', 'b']);
  });

  it('a circle is named in its order', () => {
    const stages = [stage('d', ['a']), stage('a', ['b']), stage('b', ['c']), stage('c', ['a'])];
    expect(stageLevels(stages)).toEqual({ circle: ['a', 'b', 'c'] });
    expect(stageLevels([stage('a', ['a'])])).toEqual({ circle: ['a'] });
  });

  it('a chain of a thousand stages is walked', () => {
    const stages = Array.from({ length: 1_000 }, (_, index) =>
      stage(`s${index}`, index === 999 ? [] : [`s${index + 1}`]),
    );
    expect(stageLevels(stages)).toEqual({ levels: stages.map((_, index) => 999 - index) });
  });

  it('every stage is above all that it links to, in any graph without a circle', () => {
    const graph = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(graph, fc.infiniteStream(fc.nat()), (links, order) => {
        const ids = links.map((_, index) => `s${index}`);
        const stages = links.map((targets, index) =>
          stage(`s${index}`, index === 0 ? [] : targets.map((target) => `s${target % index}`)),
        );
        const shuffled = stages
          .map((one) => [order.next().value ?? 0, one] as const)
          .sort(([first], [second]) => first - second)
          .map(([, one]) => one);
        const found = stageLevels(shuffled);
        if ('circle' in found) throw new Error(`found a circle: ${found.circle.join(', ')}`);
        const levelOf = new Map(shuffled.map(({ id }, index) => [id, found.levels[index] ?? -1]));
        for (const one of stages) {
          const below = linkedStages(one).map((id) => levelOf.get(id) ?? -1);
          expect(levelOf.get(one.id)).toBe(below.length === 0 ? 0 : Math.max(...below) + 1);
        }
        expect(levelOf.size).toBe(ids.length);
      }),
    );
  });
});

function output(stageId: string, field: string): Hash {
  return { $dnanexus_link: { stage: stageId, outputField: field } };
}

function stage(id: string, linked: readonly string[]): Stage {
  return {
    ...{ id, executable: deriveId('applet', 'u', 'r', id), name: null, folder: null },
    ...{ input: { in: linked.map((other) => output(other, 'out')) }, executionPolicy: {}, systemRequirements: {} },
  };
}
