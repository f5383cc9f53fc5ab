// The order in which the stages of a workflow can run: each comes after the stages that its bound input links to.

import { findStageLinks, type StageLink } from './link.ts';
import type { Stage } from './workflow.ts';

/**
 * The level of each stage, parallel to `stages`: 0 for one that waits for no other, else one more than the highest
 * level among those that it waits for. Or the stages of a circle of links, in its order, when there is one.
 */
export function stageLevels(
  stages: readonly Stage[],
): { readonly levels: readonly number[] } | { readonly circle: readonly string[] } {
  const byId = new Map(stages.map((stage) => [stage.id, stage]));
  const levels = new Map<string, number>();
  for (const { id } of stages) {
    const circle = settle(id, byId, levels);
    if (circle !== undefined) return { circle };
  }
  return { levels: stages.map(({ id }) => levels.get(id) ?? 0) };
}

/** The stages that a stage's bound input names, each once, in order. */
export function linkedStages({ input }: Stage): string[] {
  const stages = findStageLinks(input, 'input').links.flatMap(({ link }) => stageOf(link));
  return [...new Set(stages)];
}

/**
 * Walks the links of a stage without recursion, and notes the level of every stage that it meets. Links to inputs count
 * like links to outputs, because a circle of them has no value.
 */
function settle(
  from: string,
  byId: ReadonlyMap<string, Stage>,
  levels: Map<string, number>,
): readonly string[] | undefined {
  const path: { readonly id: string; readonly pending: string[]; level: number }[] = [];
  const onPath = new Set<string>();
  const enter = (id: string) => {
    const stage = byId.get(id);
    path.push({ id, pending: stage === undefined ? [] : linkedStages(stage).reverse(), level: 0 });
    onPath.add(id);
  };
  if (!levels.has(from)) enter(from);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const next = top.pending.pop();
    if (next === undefined) {
      path.pop();
      onPath.delete(top.id);
      levels.set(top.id, top.level);
      const above = path.at(-1);
      if (above !== undefined) above.level = Math.max(above.level, top.level + 1);
    } else if (onPath.has(next)) {
      return path.slice(path.findIndex(({ id }) => id === next)).map(({ id }) => id);
    } else {
      const known = levels.get(next);
      if (known === undefined) enter(next);
      else top.level = Math.max(top.level, known + 1);
    }
  }
  return undefined;
}

function stageOf(link: StageLink): string[] {
  return link.kind === 'workflowInput' ? [] : [link.stage];
}
