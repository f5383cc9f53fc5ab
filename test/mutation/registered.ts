// The tests that a test file has declared. They are kept outside of the modules, which are loaded again for each mutant
// of a file's constants.

export type Registered = { readonly title: string; readonly run: () => Promise<void> };
export type Suite = { readonly title: string; readonly before: (() => Promise<void>)[] };
type Registry = { suites: Suite[]; tests: Registered[] };

declare global {
  var mutationRegistry: Registry | undefined;
}

/** Begins a test file: its outermost suite is the file itself. */
export function beginFile(): void {
  globalThis.mutationRegistry = { suites: [{ title: '', before: [] }], tests: [] };
}

export function registered(): Registry {
  const registry = globalThis.mutationRegistry;
  if (registry === undefined) throw new Error('no test file is being loaded');
  return registry;
}
