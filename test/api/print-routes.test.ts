// Tests that docs/api.md agrees with the table of routes.

import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { printRoutes } from '../../api/print-routes.ts';

test('docs/api.md is the output of `node api/print-routes.ts`', async () => {
  const page = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');
  expect(page, 'run: node api/print-routes.ts').toBe(printRoutes());
});
