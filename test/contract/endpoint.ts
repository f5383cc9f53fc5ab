// Where a contract suite finds the engine that it judges: ours in this process, or another one by CONTRACT_ENDPOINT_<SERVICE>.
// It knows no service: each has a file `engine/<service>.ts` that starts ours.
import { it } from 'vitest';
import { differences } from './differences.ts';

/** An engine that listens. `close` ends what `givenEndpoint` started and leaves a foreign engine alone. */
export type Endpoint = {
  /** `http://127.0.0.1:<port>`, without a trailing slash. */
  endpoint: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  close(): Promise<void>;
};

/** What each file in `engine/` exports. */
type OurEngine = { startOurs(): Promise<Endpoint> };

export const CONTRACT_REGION = 'us-east-1';

/** The engine that is judged: `ours`, or a name that `differences.ts` knows (`localstack`, `dynamodb-local`, `aws`). */
export const contractEngine = process.env.CONTRACT_ENGINE ?? 'ours';

/**
 * The endpoint of a service (`s3`, `sqs`, `step-functions`, `event-bridge`, `logs`, `dynamodb` …). With CONTRACT_ENDPOINT_
 * and its name in capitals set it is that one, with the credentials of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
 * (`test`/`test` unless set); otherwise ours is started on a port of its own.
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
 * One check of a contract. `id` is stable (`s3/put-if-none-match`): by it `differences.ts` names the engines that are known
 * to answer otherwise. Such a check must fail there; one that passes makes its difference stale, which fails too.
 */
export function check(id: string, claim: string, run: () => Promise<void> | void): void {
  const known = differences.some((difference) => difference.check === id && difference.engine === contractEngine);
  (known ? it.fails : it)(`${id}: ${claim}`, run);
}
