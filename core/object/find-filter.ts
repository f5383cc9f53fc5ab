// Decides whether a search finds an object (docs/reference/api.md, "Finding data objects"), from the facts about it.

import { type BooleanTree, holdsForProperties, holdsForSet, type PropertyLeaf } from '../pattern/boolean-tree.ts';
import type { CompiledName } from '../pattern/name.ts';
import type { StepBudget } from '../pattern/regexp.ts';
import type { Properties } from './metadata.ts';
import type { ObjectState } from './state.ts';

/** Milliseconds since 1970. */
export type TimeRange = { readonly after?: number | undefined; readonly before?: number | undefined };
export type FindFilter = {
  readonly className?: string | undefined;
  readonly state?: ObjectState | 'any' | undefined;
  readonly visibility?: 'hidden' | 'visible' | 'either' | undefined;
  readonly name?: CompiledName | undefined;
  readonly tags?: BooleanTree<string> | undefined;
  readonly types?: BooleanTree<string> | undefined;
  readonly properties?: BooleanTree<PropertyLeaf> | undefined;
  readonly modified?: TimeRange | undefined;
  readonly created?: TimeRange | undefined;
};
export type FindFacts = {
  readonly className: string;
  readonly state: ObjectState;
  readonly hidden: boolean;
  readonly name: string;
  readonly tags: readonly string[];
  readonly types: readonly string[];
  readonly properties: Properties;
  readonly modified: number;
  readonly created: number;
};

/** True when an object matches the filter; `exhausted` when its name pattern costs too much. */
export function passesFilter(filter: FindFilter, facts: FindFacts, budget: StepBudget): boolean | 'exhausted' {
  const { className, state = 'any', visibility = 'visible', name, tags, types, properties } = filter;
  if (className !== undefined && className !== facts.className) return false;
  if (state !== 'any' && state !== facts.state) return false;
  if (visibility !== 'either' && (visibility === 'hidden') !== facts.hidden) return false;
  if (!within(filter.modified, facts.modified) || !within(filter.created, facts.created)) return false;
  if (tags !== undefined && !holdsForSet(tags, facts.tags)) return false;
  if (types !== undefined && !holdsForSet(types, facts.types)) return false;
  if (properties !== undefined && !holdsForProperties(properties, facts.properties)) return false;
  return name === undefined ? true : name.test(facts.name, budget);
}

/** Both ends are inclusive. */
export function within(range: TimeRange | undefined, time: number): boolean {
  return time >= (range?.after ?? -Infinity) && time <= (range?.before ?? Infinity);
}
