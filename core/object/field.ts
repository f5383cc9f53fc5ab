// Reads which fields a describe call asks for, in its three forms (docs/reference/api.md, "Describing data objects").

export type FieldRequest = {
  readonly fields?: Readonly<Record<string, boolean>> | undefined;
  readonly defaultFields?: boolean | undefined;
  readonly [switchName: string]: unknown;
};

/**
 * The names to show. `{}` asks for the default ones. `fields` asks for exactly those that are true, and `always`. With
 * `defaultFields` it asks for the default ones plus those that are true, less those that are false. The older switches
 * at the top (`properties: true`) add their field in every form.
 */
export function selectFields(
  request: FieldRequest,
  known: {
    readonly defaults: readonly string[];
    readonly switches: readonly string[];
    readonly always?: readonly string[];
  },
): Set<string> {
  const { fields, defaultFields } = request;
  const chosen = new Set<string>(known.always);
  if (fields === undefined ? defaultFields !== false : defaultFields === true) {
    for (const field of known.defaults) chosen.add(field);
  }
  for (const name of known.switches) if (request[name] === true) chosen.add(name);
  for (const [field, wanted] of Object.entries(fields ?? {})) {
    if (wanted) chosen.add(field);
    else if (!known.always?.includes(field)) chosen.delete(field);
  }
  return chosen;
}
