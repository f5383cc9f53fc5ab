// Entry point of every route that has no function of its own, and of download links.
import { apiRoutes } from '../api/routes.ts';
import { context } from './context.ts';
import { httpAndDownloadHandler } from './middleware/http.ts';

export const handler = httpAndDownloadHandler(context, apiRoutes);
