// Answers for apps and global workflows. Clients ask for them by every name that they run, and need to hear that there
// are none.

import { resourceNotFound } from '../../../core/error/api-error.ts';
import type { KnownCall } from '../../route.ts';

export async function missingApp({ subject }: KnownCall<unknown>): Promise<never> {
  throw resourceNotFound(subject, 'this platform does not have apps and global workflows yet: run the applet itself');
}
