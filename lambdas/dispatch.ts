// Entry point of the function dispatch: wired to the engine as soon as that exists.

export async function handler(): Promise<never> {
  throw new Error('The function dispatch is not wired yet.');
}
