// A folder that lives as long as a test file.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export function givenTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const deadlineMs = 15_000;
const pollMs = 10;

/** The first answer that is neither undefined nor false. Fails after the deadline, and says what was awaited. */
export async function eventually<Value>(
  what: string,
  probe: () => Value | undefined | false | Promise<Value | undefined | false>,
): Promise<Value> {
  for (const deadline = Date.now() + deadlineMs; Date.now() < deadline; ) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Error(`not seen within ${deadlineMs} ms: ${what}`);
}
