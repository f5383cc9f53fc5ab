// Entry point of the function new-job: wired to the engine as soon as that exists.

export async function handler(): Promise<never> {
  throw new Error('The function new-job is not wired yet.');
}
