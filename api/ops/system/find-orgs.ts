// /system/findOrgs: this platform has no organizations yet, so that a search finds nothing.

export async function findOrgs(): Promise<{ results: never[]; next: null }> {
  return { results: [], next: null };
}
