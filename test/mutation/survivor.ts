// The form in which mutants are listed that no test kills.

/** Mutants of one file that survive for the same reason. `npm run test:mutants` prints their names. */
export type Survivors = { readonly path: string; readonly mutants: readonly string[]; readonly reason: string };
