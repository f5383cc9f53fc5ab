// Entry point of download links, and of every route that does not have a function of its own.

import { apiRoutes } from '../api/routes.ts';
import { context } from './context.ts';
import { httpAndDownloadHandler } from './middleware/http.ts';

export const handler = httpAndDownloadHandler(context, apiRoutes);
