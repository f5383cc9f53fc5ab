// The pairs of CPU and memory that Fargate offers.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html

/** Whether Fargate offers this pair. Both are as in the API: CPU units and MiB. */
export function isFargateSize(cpu: string, memory: string): boolean {
  const sizes = Object.hasOwn(memoryOfCpu, cpu) ? memoryOfCpu[cpu] : undefined;
  const amount = /^\d+$/.test(memory) ? Number(memory) : Number.NaN;
  if (!sizes || Number.isNaN(amount)) return false;
  if ('from' in sizes) return amount >= sizes.from && amount <= sizes.to && (amount - sizes.from) % sizes.step === 0;
  return sizes.includes(amount);
}

const gib = 1024;

/** CPU units → memory in MiB: a list of sizes, or a range with its step. */
const memoryOfCpu: Readonly<Record<string, { from: number; to: number; step: number } | readonly number[]>> = {
  '256': [512, gib, 2 * gib],
  '512': { from: gib, to: 4 * gib, step: gib },
  '1024': { from: 2 * gib, to: 8 * gib, step: gib },
  '2048': { from: 4 * gib, to: 16 * gib, step: gib },
  '4096': { from: 8 * gib, to: 30 * gib, step: gib },
  '8192': { from: 16 * gib, to: 60 * gib, step: 4 * gib },
  '16384': { from: 32 * gib, to: 120 * gib, step: 8 * gib },
};
