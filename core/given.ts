// Leaves out fields that are undefined: such a field does not exist in what is stored, sent or compared.

/** Fields that may be undefined become fields that may be missing. */
export type Given<Fields> = {
  [Name in keyof Fields as undefined extends Fields[Name] ? never : Name]: Fields[Name];
} & {
  [Name in keyof Fields as undefined extends Fields[Name] ? Name : never]?: Exclude<Fields[Name], undefined>;
};

/** The same object without the fields that are undefined. */
export function given<Fields extends object>(fields: Fields): Given<Fields> {
  const kept: Record<string, unknown> = {};
  // Every row that is written passes here, and a loop takes a third of the time of `Object.fromEntries`.
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (name === '__proto__')
      Object.defineProperty(kept, name, { value, enumerable: true, writable: true, configurable: true });
    else kept[name] = value;
  }
  return kept as Given<Fields>;
}
