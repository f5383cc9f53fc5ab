// Entry point of `POST /job/new`: a running job creates a subjob.

import { newJobRoutes } from '../api/routes.ts';
import { context } from './context.ts';
import { httpHandler } from './middleware/http.ts';

export const handler = httpHandler(context, newJobRoutes);
