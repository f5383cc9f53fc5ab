// JSON values as states pass them on: the limit of their size, the case of their members, and the form of timestamps.

export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };
export type JsonObject = { [member: string]: Json };

/** Largest input, output, result or set of assigned variables of a state, in bytes of UTF-8 (service-quotas.html). */
export const maximumPayloadBytes = 262_144;

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether the value, as JSON text, is larger than a payload may be. */
export function exceedsPayload(value: Json): boolean {
  return Buffer.byteLength(JSON.stringify(value)) > maximumPayloadBytes;
}

/** `null`, `boolean`, `number`, `string`, `array` or `object`, as in the service's messages. */
export function typeName(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/**
 * `{ taskArn }` → `{ TaskArn }`, at every depth. Values stay. The services' APIs write members in camelCase. Arguments
 * and results of a state machine have them in PascalCase.
 */
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

/** Whether the text is an RFC 3339 timestamp of an existing date and time, with an uppercase T and a Z or an offset. */
export function isTimestamp(text: string): boolean {
  return timestampForm.test(text) && !Number.isNaN(Date.parse(text));
}

const timestampForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
