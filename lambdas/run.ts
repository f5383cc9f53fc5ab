// Entry point of `POST /{executable}/run`: plans a run and creates its job.

import { runRoutes } from '../api/routes.ts';
import { context } from './context.ts';
import { httpHandler } from './middleware/http.ts';

export const handler = httpHandler(context, runRoutes);
