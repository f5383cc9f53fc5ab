// /<object>/getDetails: answers the details themselves, which may be an array.

import type { ObjectCall } from '../../route.ts';

export async function getDetails({ object }: ObjectCall<unknown>): Promise<unknown> {
  return object.details ?? {};
}
