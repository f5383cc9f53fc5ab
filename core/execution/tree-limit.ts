// How long a tree may live: from the birth of its root, restarts included (docs/reference/api.md, "Time limits").

/** The time from which a tree is ended and the tokens of its jobs are refused, in milliseconds since 1970. */
export function treeEnd(rootCreated: number): number {
  return rootCreated + treeLimitMs;
}

/** Thirty days. */
const treeLimitMs = 30 * 86_400_000;
