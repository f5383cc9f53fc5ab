// Filters on tags, types and properties: one, or trees of `$and` and `$or` (docs/reference/api.md, "Search
// conventions").

export type BooleanTree<Leaf> =
  | Leaf
  | { readonly $and: readonly BooleanTree<Leaf>[] }
  | { readonly $or: readonly BooleanTree<Leaf>[] };
/** A property must have a value, exist (`true`), or not exist (`false`). All entries of one hash must hold. */
export type PropertyLeaf = { readonly [key: string]: string | boolean };

/** True when a tree of names holds for a set of them. */
export function holdsForSet(tree: BooleanTree<string>, set: readonly string[]): boolean {
  return holds(tree, (leaf) => typeof leaf === 'string' && set.includes(leaf));
}

/** True when a tree of property hashes holds for properties. */
export function holdsForProperties(
  tree: BooleanTree<PropertyLeaf>,
  properties: { readonly [key: string]: string },
): boolean {
  return holds(tree, (leaf) =>
    Object.entries(leaf).every(([key, wanted]) => {
      const value = Object.hasOwn(properties, key) ? properties[key] : undefined;
      return typeof wanted === 'boolean' ? (value !== undefined) === wanted : value === wanted;
    }),
  );
}

function holds<Leaf>(tree: BooleanTree<Leaf>, leafHolds: (leaf: Leaf) => boolean): boolean {
  if (isBranch(tree, '$and')) return tree.$and.every((inner) => holds(inner, leafHolds));
  if (isBranch(tree, '$or')) return tree.$or.some((inner) => holds(inner, leafHolds));
  return leafHolds(tree as Leaf);
}

function isBranch<Key extends '$and' | '$or', Leaf>(
  tree: BooleanTree<Leaf>,
  key: Key,
): tree is BooleanTree<Leaf> & { readonly [Name in Key]: readonly BooleanTree<Leaf>[] } {
  if (typeof tree !== 'object' || tree === null || !Object.hasOwn(tree, key)) return false;
  return Array.isArray((tree as { [name: string]: unknown })[key]);
}
