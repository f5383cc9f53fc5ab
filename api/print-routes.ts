// Prints the table of routes as docs/api.md: `node api/print-routes.ts`.

import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Access, Route } from './route.ts';
import { apiRoutes, newJobRoutes, runRoutes, workerRoutes } from './routes.ts';

/** The page: one table for each function that answers routes. */
export function printRoutes(): string {
  const parts: [string, string, readonly Route[]][] = [
    ['run', 'Starts executions.', runRoutes],
    ['new-job', 'Starts subjobs.', newJobRoutes],
    ['api', 'All other calls of users and jobs.', apiRoutes],
    ['worker-api', 'Calls of workers. Users never make them.', workerRoutes],
  ];
  const tables = parts.map(([name, about, routes]) => `## ${name}\n\n${about}\n\n${printTable(routes)}\n`);
  return `${opening}\n${tables.join('\n')}`;
}

function printTable(routes: readonly Route[]): string {
  const sorted = [...routes].sort((first, second) => (first.path < second.path ? -1 : 1));
  const lines = sorted.map(
    ({ path, access, schema }) => `| \`POST ${path}\` | ${printAccess(access)} | ${printInput(schema)} |`,
  );
  return ['| route | who | input |', '| --- | --- | --- |', ...lines].join('\n');
}

function printAccess(access: Access): string {
  switch (access.kind) {
    case 'anyone':
      return 'anyone';
    case 'caller':
      return 'any token';
    case 'job':
      return 'a running job';
    case 'worker':
      return 'the worker of the job';
    case 'place':
      return `${access.level} there`;
    case 'target':
      return `${access.level} in \`project\``;
    case 'object':
      return access.open === access.closed
        ? `${access.open} where it is`
        : `${access.open}; ${access.closed} once closed`;
    default:
      return access satisfies never;
  }
}

/** The keys of the input. Those that may be left out have a question mark. */
function printInput(schema: z.ZodType): string {
  if (schema instanceof z.ZodPipe) return printInput(schema.in as z.ZodType);
  if (!(schema instanceof z.ZodObject)) return schema.description ?? 'see its schema';
  const keys = Object.entries(schema.shape as Record<string, z.ZodType>).map(([key, value]) => {
    return `\`${key}${value.safeParse(undefined).success ? '?' : ''}\``;
  });
  return keys.join(', ') || 'none';
}

const opening = `# Routes

Printed from \`api/routes.ts\` by \`node api/print-routes.ts\`: do not edit. Requests are \`POST\` with a JSON body and a bearer token.
Unknown keys are ignored. \`xxxx\` is an id, \`[/yyyy]\` an optional version. Downloads are \`GET /_download/…\`, answered by a redirect.
The routes of apps and global workflows answer that there are none yet. The table names the lowest level that a route
needs. If a project's flags forbid a call, or if rights depend on who launched a job, the error message says so.
`;

if (import.meta.main) await writeFile(new URL('../docs/api.md', import.meta.url), printRoutes());
