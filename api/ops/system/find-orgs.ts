// /system/findOrgs: none exist on this platform.

export async function findOrgs(): Promise<{ results: never[]; next: null }> {
  return { results: [], next: null };
}
