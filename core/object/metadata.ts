// Tags and properties: the result of a change, and how much of them one object or project may have.

export type Properties = { readonly [key: string]: string };
type Outcome<Value> = { readonly value: Value } | { readonly problem: string };

/** The set with the added elements; a problem when it gets too large for its row. */
export function addToSet(before: readonly string[], added: readonly string[]): Outcome<string[]> {
  const value = [...new Set([...before, ...added])];
  return withinLimit(value, 'tags');
}

/** Properties after a change: null unsets one. */
export function changeProperties(
  before: Properties,
  changes: { readonly [key: string]: string | null },
): Outcome<Properties> {
  const merged = new Map<string, string | null>([...Object.entries(before), ...Object.entries(changes)]);
  const value = Object.fromEntries([...merged].filter((entry): entry is [string, string] => entry[1] !== null));
  return withinLimit(value, 'properties');
}

/** Properties in the order of their keys. A row's map comes back in a different order each time. */
export function inKeyOrder(properties: Properties): Properties {
  const sorted = Object.entries(properties).sort(([first], [second]) => (first < second ? -1 : 1));
  return Object.fromEntries(sorted);
}

/** The problem of too many tags, properties or types. Undefined when one row can hold them. */
export function metadataProblem(value: unknown, what: string): string | undefined {
  const size = Buffer.byteLength(JSON.stringify(value));
  if (size <= maximumMetadataBytes) return undefined;
  return `the ${what} would have ${size} bytes: at most ${maximumMetadataBytes} are allowed`;
}

function withinLimit<Value>(value: Value, what: string): Outcome<Value> {
  const problem = metadataProblem(value, what);
  return problem === undefined ? { value } : { problem };
}

/** Metadata of one object in one project shares a row of at most 400 KB. */
const maximumMetadataBytes = 100_000;
