// The mutants that no test kills, each with its reason. `npm run test:mutants` prints the names.

type Survivors = { readonly path: string; readonly mutants: readonly string[]; readonly reason: string };

export const survivors: readonly Survivors[] = [];
