// The type of a route: data that serve.ts reads. The routes themselves are in routes.ts.

import type { z } from 'zod';
import type { Caller, KnownCaller } from '../core/access/caller.ts';
import type { Level } from '../core/access/level.ts';
import type { Context } from '../core/context.ts';
import type { ObjectId, PlaceId } from '../core/id/identifier.ts';
import type { LoadedObject } from '../engine/store/load-object.ts';

/**
 * The rule for the callers of a route. `place`: a level in the project or container that the path names; where it
 * `repeats`, the user who destroyed that project may still call it. `target`: a level in the place that the input's
 * `project` names. `object`: a level in a place of the path's object. That place is the input's `project`, or else one
 * that the caller may see; a `hint` may be wrong, and the key is `ignored` where the input is data. `worker`: the job's
 * own token, in whatever state its job is.
 */
export type Access =
  | { readonly kind: 'anyone' }
  | { readonly kind: 'caller' }
  | { readonly kind: 'job' }
  | { readonly kind: 'worker' }
  | { readonly kind: 'place'; readonly level: Level; readonly repeats?: true }
  | { readonly kind: 'target'; readonly level: Level }
  | { readonly kind: 'object'; readonly open: Level; readonly closed: Level; readonly project?: 'hint' | 'ignored' };

export type BaseCall<Input> = {
  readonly context: Context;
  /** Shaped by the route's schema: keys that it does not name are gone. */
  readonly input: Input;
  /** The input as it came. It is compared when its nonce comes again. */
  readonly rawInput: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** As sent. A nonce counts for a caller and a path. */
  readonly path: string;
  /** The first segment of the path: an id, `app-<name>`, or a class. */
  readonly subject: string;
};
export type OpenCall<Input> = BaseCall<Input> & { readonly caller: Caller };
export type KnownCall<Input> = BaseCall<Input> & { readonly caller: KnownCaller };
export type JobCall<Input> = BaseCall<Input> & { readonly caller: Extract<Caller, { kind: 'job' }> };
export type PlaceCall<Input> = KnownCall<Input> & { readonly place: PlaceId; readonly level: Level };
export type ObjectCall<Input> = PlaceCall<Input> & { readonly id: ObjectId; readonly object: LoadedObject };

export type Call<Kind extends Access['kind'], Input> = Kind extends 'anyone'
  ? OpenCall<Input>
  : Kind extends 'caller'
    ? KnownCall<Input>
    : Kind extends 'job' | 'worker'
      ? JobCall<Input>
      : Kind extends 'place' | 'target'
        ? PlaceCall<Input>
        : ObjectCall<Input>;

/** One row of the table. `path` is a pattern: `/file/new`, `/file-xxxx/close`, `/app-xxxx[/yyyy]/describe`. */
export type Route = {
  readonly path: string;
  readonly schema: z.ZodType;
  readonly access: Access;
  readonly run: (call: never) => Promise<unknown>;
};

/** A row of the table, whose function fits its schema and its access rule. */
export function route<Schema extends z.ZodType, Rule extends Access>(
  path: string,
  schema: Schema,
  access: Rule,
  run: (call: Call<Rule['kind'], z.output<Schema>>) => Promise<unknown>,
): Route {
  return { path, schema, access, run: run as Route['run'] };
}
