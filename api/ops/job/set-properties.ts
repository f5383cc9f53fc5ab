// /job-xxxx/setProperties: what is not named stays.

import type { z } from 'zod';
import type { KnownCall } from '../../route.ts';
import type { jobPropertiesInput } from '../../schemas/execution.ts';
import { changeJobMetadata } from './change-metadata.ts';

/** Null takes a property away. */
export function setJobProperties(call: KnownCall<z.output<typeof jobPropertiesInput>>): Promise<{ id: string }> {
  const changes = Object.entries(call.input.properties);
  return changeJobMetadata(call, (metadata) => {
    const properties = new Map(Object.entries(metadata.properties));
    for (const [key, value] of changes) {
      if (value === null) properties.delete(key);
      else properties.set(key, value);
    }
    return { ...metadata, properties: Object.fromEntries(properties) };
  });
}
