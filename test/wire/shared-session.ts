// The platform and the session that all tests of a file share.

import { afterAll, beforeAll } from 'vitest';
import { givenPlatform, givenSession, type Platform, type Session } from './session.ts';

export let platform: Platform;
export let session: Session;

/** Starts them before the first test of the file, and ends them behind the last. */
export function useSession(): void {
  beforeAll(async () => {
    platform = await givenPlatform();
    session = await givenSession(platform);
  });
  afterAll(async () => {
    session?.close();
    await platform?.stop();
  });
}
