// The common part of the routes that describe many things at once: each is described or refused on its own
// (docs/reference/api.md, "Bulk methods").

import { ApiError } from '../../../core/error/api-error.ts';
import { parseId } from '../../../core/id/identifier.ts';
import { mapLimited } from '../../../engine/store/map-limited.ts';

type Target<Option> = string | { readonly id: string; readonly describe?: Option | undefined };
type Described = { readonly describe: unknown } | { readonly error: unknown; readonly statusCode: number };

/**
 * Results in the order of `targets`. `describe` gets each target with the fields that the target or its class asks for.
 */
export async function describeMany<Fields extends object, One extends Target<boolean | Fields>>(
  targets: readonly One[],
  options: ReadonlyMap<string, boolean | Fields> | undefined,
  describe: (target: { readonly id: string } & Exclude<One, string>, fields: Fields) => Promise<unknown>,
): Promise<{ results: Described[] }> {
  const results = await mapLimited(targets, async (given): Promise<Described> => {
    const target = (typeof given === 'string' ? { id: given } : given) as { id: string } & Exclude<One, string>;
    const className = parseId(target.id)?.className ?? '';
    const option = target.describe ?? options?.get(className) ?? options?.get('*') ?? true;
    try {
      return { describe: await describe(target, (typeof option === 'boolean' ? {} : option) as Fields) };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { ...error.toBody(), statusCode: error.status };
    }
  });
  return { results };
}
