// Entry point of `POST /_worker/{op}`: workers claim jobs, renew their leases and report results.

import { workerRoutes } from '../api/routes.ts';
import { context } from './context.ts';
import { httpHandler } from './middleware/http.ts';

export const handler = httpHandler(context, workerRoutes);
