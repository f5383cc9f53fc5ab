// The pairs of CPU and memory that Fargate offers.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html

const GB = 1024;

/** CPU units → memory in MiB: a list of sizes, or a range with its step. */
const SIZES: Readonly<Record<string, { from: number; to: number; step: number } | readonly number[]>> = {
  '256': [512, GB, 2 * GB],
  '512': { from: GB, to: 4 * GB, step: GB },
  '1024': { from: 2 * GB, to: 8 * GB, step: GB },
  '2048': { from: 4 * GB, to: 16 * GB, step: GB },
  '4096': { from: 8 * GB, to: 30 * GB, step: GB },
  '8192': { from: 16 * GB, to: 60 * GB, step: 4 * GB },
  '16384': { from: 32 * GB, to: 120 * GB, step: 8 * GB },
};

/** Whether Fargate offers this pair. Both are as in the API: CPU units and MiB. */
export function isFargateSize(cpu: string, memory: string): boolean {
  const sizes = Object.hasOwn(SIZES, cpu) ? SIZES[cpu] : undefined;
  const amount = /^\d+$/.test(memory) ? Number(memory) : Number.NaN;
  if (!sizes || Number.isNaN(amount)) return false;
  if ('from' in sizes) return amount >= sizes.from && amount <= sizes.to && (amount - sizes.from) % sizes.step === 0;
  return sizes.includes(amount);
}
