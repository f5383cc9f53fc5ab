// Entry point of the function api: wired to the engine as soon as that exists.

export async function handler(): Promise<never> {
  throw new Error('The function api is not wired yet.');
}
