// The cost of the counted requests on AWS: list prices of us-east-1 as data, and the sum for a thousand jobs. These are
// left out: Fargate (a job's own minutes, and its disk beyond 20 GiB: docs/decisions/workers.md), CloudWatch Logs,
// CloudFront, storage, data transfer, free tiers.

/** The usage of one job, on average. */
export type Usage = {
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly s3Writes: number;
  readonly s3Reads: number;
  readonly sqsRequests: number;
  readonly invocations: number;
  readonly gbSeconds: number;
  readonly transitions: number;
  readonly httpRequests: number;
};

export const priceNote =
  'List prices of us-east-1 as of November 2026 (bench/price.ts), without Fargate, logs, CloudFront, storage and free tiers; GB-seconds by the durations on this machine.';

/** Dollars for a thousand such jobs, by service. */
export function dollarsPer1000(usage: Usage): {
  readonly total: number;
  readonly parts: Readonly<Record<string, number>>;
} {
  const names = Object.keys(prices) as (keyof Usage)[];
  const parts = Object.fromEntries(names.map((name) => [name, usage[name] * prices[name].usd * 1000]));
  return { total: Object.values(parts).reduce((sum, part) => sum + part, 0), parts };
}

/** Dollars for one unit, as of November 2026, and the page with the current price. */
const prices: Readonly<Record<keyof Usage, { readonly usd: number; readonly source: string }>> = {
  writeUnits: { usd: 0.625e-6, source: 'aws.amazon.com/dynamodb/pricing/on-demand: write request units' },
  readUnits: { usd: 0.125e-6, source: 'aws.amazon.com/dynamodb/pricing/on-demand: read request units' },
  s3Writes: { usd: 5e-6, source: 'aws.amazon.com/s3/pricing: PUT, COPY, POST, LIST of S3 Standard' },
  s3Reads: { usd: 0.4e-6, source: 'aws.amazon.com/s3/pricing: GET and all other requests of S3 Standard' },
  sqsRequests: { usd: 0.4e-6, source: 'aws.amazon.com/sqs/pricing: standard queues' },
  invocations: { usd: 0.2e-6, source: 'aws.amazon.com/lambda/pricing: requests' },
  gbSeconds: { usd: 1.33334e-5, source: 'aws.amazon.com/lambda/pricing: duration on Arm' },
  transitions: { usd: 25e-6, source: 'aws.amazon.com/step-functions/pricing: Standard Workflows, $0.025 per 1,000' },
  httpRequests: { usd: 1e-6, source: 'aws.amazon.com/api-gateway/pricing: HTTP APIs' },
};
