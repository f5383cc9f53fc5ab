// The type of a route: data that serve.ts reads. The routes themselves are in routes.ts.

import type { z } from 'zod';
import type { Level } from '../core/access/level.ts';
import type { Context } from '../core/context.ts';
import type { ObjectId, PlaceId } from '../core/id/identifier.ts';
import type { Caller, KnownCaller } from '../core/identity/caller.ts';
import type { LoadedObject } from '../engine/store/load-object.ts';

/**
 * The rules for the callers of a route, by their kinds. `place`: a level in the project or container that the path names; where it
 * `repeats`, the user who destroyed that project may still call it. `target`: a level in the place that the input's
 * `project` names. `object`: a level in a place of the path's object. That place is the input's `project`, or else one
 * that the caller may see; a `hint` may be wrong, and the key is `ignored` where the input is data. The call has the
 * object's placement there, and `all` of them where the operation needs them. `worker`: the job's own token, in whatever
 * state its job is.
 */
type Rules = {
  readonly anyone: unknown;
  readonly caller: unknown;
  readonly job: unknown;
  readonly worker: unknown;
  readonly place: { readonly level: Level; readonly repeats?: true };
  readonly target: { readonly level: Level };
  readonly object: {
    readonly open: Level;
    readonly closed: Level;
    readonly project?: 'hint' | 'ignored';
    readonly placements?: 'all';
  };
};
export type AccessKind = keyof Rules;
/** The access rule of a route: its kind, and the details of that kind. */
export type Access<Kind extends AccessKind = AccessKind> = {
  [Each in Kind]: { readonly kind: Each } & Rules[Each];
}[Kind];

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
  /** The segment between the subject and the method: a version or a tag of an app. */
  readonly alias?: string | undefined;
};
export type OpenCall<Input> = BaseCall<Input> & { readonly caller: Caller };
export type KnownCall<Input> = BaseCall<Input> & { readonly caller: KnownCaller };
export type JobCall<Input> = BaseCall<Input> & { readonly caller: Extract<Caller, { readonly kind: 'job' }> };
export type PlaceCall<Input> = KnownCall<Input> & { readonly place: PlaceId; readonly level: Level };
export type ObjectCall<Input> = PlaceCall<Input> & { readonly id: ObjectId; readonly object: LoadedObject };

type Calls<Input> = {
  readonly anyone: OpenCall<Input>;
  readonly caller: KnownCall<Input>;
  readonly job: JobCall<Input>;
  readonly worker: JobCall<Input>;
  readonly place: PlaceCall<Input>;
  readonly target: PlaceCall<Input>;
  readonly object: ObjectCall<Input>;
};
/** The call that an operation gets, for a route with a rule of that kind. */
export type Call<Kind extends AccessKind, Input> = Calls<Input>[Kind];

/** One row of the table. `path` is a pattern: `/file/new`, `/file-xxxx/close`, `/app-xxxx[/yyyy]/describe`. */
export type Route = {
  readonly path: string;
  readonly schema: z.ZodType;
  readonly access: Access;
  /** Shapes the input, applies the access rule, and runs the operation. */
  readonly answer: (request: RawCall, caller: Caller) => Promise<unknown>;
};
/** A request before its input was shaped. */
export type RawCall = Omit<BaseCall<unknown>, 'input'>;
