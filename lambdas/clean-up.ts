// Entry point of the function clean-up: wired to the engine as soon as that exists.

export async function handler(): Promise<never> {
  throw new Error('The function clean-up is not wired yet.');
}
