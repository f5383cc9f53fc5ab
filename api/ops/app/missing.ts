// Apps and global workflows: clients ask for them by every name they run, and need to hear that there is none.

import { resourceNotFound } from '../../../core/error/api-error.ts';
import type { KnownCall } from '../../route.ts';

export async function missingApp({ subject }: KnownCall<unknown>): Promise<never> {
  throw resourceNotFound(subject, 'this platform has no apps and global workflows yet: run the applet itself');
}
