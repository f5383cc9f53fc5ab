// Entry point of the function log: wired to the engine as soon as that exists.

export async function handler(): Promise<never> {
  throw new Error('The function log is not wired yet.');
}
