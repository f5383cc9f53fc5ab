// Entry point of the function finalise: wired to the engine as soon as that exists.

export async function handler(): Promise<never> {
  throw new Error('The function finalise is not wired yet.');
}
