// Entry point of the function worker-api: wired to the engine as soon as that exists.

export async function handler(): Promise<never> {
  throw new Error('The function worker-api is not wired yet.');
}
