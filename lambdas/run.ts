// Entry point of the function run: wired to the engine as soon as that exists.

export async function handler(): Promise<never> {
  throw new Error('The function run is not wired yet.');
}
