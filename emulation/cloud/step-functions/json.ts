// JSON values as states pass them on, and the service's limit on their size. It knows nothing of states.

export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };
export type JsonObject = { [member: string]: Json };

/** Largest input, output, result or set of assigned variables of a state, as UTF-8 (service-quotas.html). */
export const MAX_PAYLOAD_BYTES = 262_144;

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether the value, as JSON text, is larger than a payload may be. */
export function exceedsPayload(value: Json): boolean {
  return Buffer.byteLength(JSON.stringify(value)) > MAX_PAYLOAD_BYTES;
}

/** `null`, `boolean`, `number`, `string`, `array` or `object`, as the service's messages name types. */
export function typeName(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
