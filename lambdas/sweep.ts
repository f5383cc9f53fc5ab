// Entry point of the function sweep: wired to the engine as soon as that exists.

export async function handler(): Promise<never> {
  throw new Error('The function sweep is not wired yet.');
}
