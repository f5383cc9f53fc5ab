// Member names between a service's API (camelCase) and Arguments and results in a state machine (PascalCase).
// It knows no member.
import type { Json } from './json.ts';

/** `{ taskArn }` → `{ TaskArn }`, at every depth; values stay. */
export const toPascalCase = (value: unknown): Json =>
  recase(value, (name) => (name[0]?.toUpperCase() ?? '') + name.slice(1));

/** `{ TaskArn }` → `{ taskArn }`. */
export const toCamelCase = (value: unknown): Json =>
  recase(value, (name) => (name[0]?.toLowerCase() ?? '') + name.slice(1));

function recase(value: unknown, rename: (name: string) => string): Json {
  if (Array.isArray(value)) return value.map((element) => recase(element, rename));
  if (typeof value !== 'object' || value === null) return value as Json;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [rename(name), recase(member, rename)]),
  );
}
