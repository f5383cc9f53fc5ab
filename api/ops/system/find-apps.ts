// /system/findApps and /system/findGlobalWorkflows: none exist on this platform yet.

export async function findApps(): Promise<{ results: never[]; next: null }> {
  return { results: [], next: null };
}
