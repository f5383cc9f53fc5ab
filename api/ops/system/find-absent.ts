// /system/findApps, findGlobalWorkflows and findOrgs: this platform has none of them yet, so that a search finds nothing.

export async function findApps(): Promise<{ results: never[]; next: null }> {
  return { results: [], next: null };
}

export async function findOrgs(): Promise<{ results: never[]; next: null }> {
  return { results: [], next: null };
}
