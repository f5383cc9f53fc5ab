// Times in searches: negative ones count back from now (docs/reference/api.md, "Requests").

import type { TimeRange } from '../../../core/object/find-filter.ts';

/** The same range in milliseconds since 1970. */
export function absoluteRange(range: TimeRange | undefined, now: number): TimeRange | undefined {
  if (range === undefined) return undefined;
  const absolute = (time: number | undefined) => (time !== undefined && time < 0 ? now + time : time);
  return { after: absolute(range.after), before: absolute(range.before) };
}
