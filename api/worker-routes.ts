// The routes of workers. They are rows of the table in routes.ts.

import { route } from './make-route.ts';
import { claimInput, claimJob } from './ops/worker/claim.ts';
import { finishInput, finishJob } from './ops/worker/finish.ts';
import { beat, heartbeatInput } from './ops/worker/heartbeat.ts';
import type { Route } from './route.ts';

const worker = { kind: 'worker' } as const;

/** A claim proves itself by the boot nonce, the other calls by the job's token, in whatever state the job is. */
export const workerRoutes: readonly Route[] = [
  route('/_worker/claim', claimInput, { kind: 'anyone' }, claimJob),
  route('/_worker/heartbeat', heartbeatInput, worker, beat),
  route('/_worker/finish', finishInput, worker, finishJob),
];
