// Entry point of the function advance: wired to the engine as soon as that exists.

export async function handler(): Promise<never> {
  throw new Error('The function advance is not wired yet.');
}
