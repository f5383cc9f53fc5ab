// A job's name, as far as its row can hold it: searches by name read only rows, when they can.

/** The name for the job row; nothing when it is too long for a row of 1 KB: then it is in the body alone. */
export function searchableName(name: string): { readonly name?: string } {
  return Buffer.byteLength(name) <= rowNameBytes ? { name } : {};
}

const rowNameBytes = 128;
