// docs/api.md says what the table of routes says.

import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { printRoutes } from '../../api/print-routes.ts';

test('docs/api.md is as `node api/print-routes.ts` prints it', async () => {
  const page = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');
  expect(page, 'run: node api/print-routes.ts').toBe(printRoutes());
});
