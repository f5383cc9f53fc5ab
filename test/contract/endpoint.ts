// Finds the engine that a contract suite judges: ours in this process, or another one by CONTRACT_ENDPOINT_<SERVICE>.
// Each service has a file `engine/<service>.ts` that starts ours.

import { it } from 'vitest';
import { differences } from './differences.ts';

/** An engine that listens. `close` ends an engine that `givenEndpoint` started, and does not touch a foreign engine. */
export type Endpoint = {
  /** `http://127.0.0.1:<port>`, without a trailing slash. */
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  close(): Promise<void>;
};

/** The exports of each file in `engine/`. */
type OurEngine = { startOurs(): Promise<Endpoint> };

export const contractRegion = 'us-east-1';

/** The judged engine: `ours`, or a name that `differences.ts` uses (`localstack`, `dynamodb-local`, `aws`). */
export const contractEngine = process.env.CONTRACT_ENGINE ?? 'ours';

/**
 * The endpoint of a service (`s3`, `sqs`, `step-functions`, `event-bridge`, `logs`, `dynamodb` …). If
 * CONTRACT_ENDPOINT_ with its name in capitals is set, it is that endpoint, with the credentials of AWS_ACCESS_KEY_ID
 * and AWS_SECRET_ACCESS_KEY (`test`/`test` by default). Otherwise ours is started on a free port.
 */
export async function givenEndpoint(service: string): Promise<Endpoint> {
  const foreign = process.env[`CONTRACT_ENDPOINT_${service.toUpperCase().replaceAll('-', '_')}`];
  if (foreign) {
    const accessKeyId = process.env.AWS_ACCESS_KEY_ID ?? 'test';
    const secretAccessKey = process.env.AWS_SECRET_ACCESS_KEY ?? 'test';
    const credentials = { accessKeyId, secretAccessKey };
    return { endpoint: foreign.replace(/\/$/, ''), credentials, close: async () => {} };
  }
  const engine = (await import(
    /* @vite-ignore */ new URL(`./engine/${service}.ts`, import.meta.url).href
  )) as OurEngine;
  return engine.startOurs();
}

/**
 * One check of a contract. `id` is stable (`s3/put-if-none-match`), because `differences.ts` uses it to name the
 * engines that answer differently. There the check must fail. If it passes, its difference is stale, and the test
 * fails.
 */
export function check(id: string, claim: string, run: () => Promise<void> | void): void {
  const known = differences.some((difference) => difference.check === id && difference.engine === contractEngine);
  (known ? it.fails : it)(`${id}: ${claim}`, run);
}
