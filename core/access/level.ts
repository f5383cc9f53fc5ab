// The access levels to a project or container, from weak to strong. The engine loads who has which level.

/** docs/reference/api.md, "Access levels". */
export const levels = ['NONE', 'VIEW', 'UPLOAD', 'CONTRIBUTE', 'ADMINISTER'] as const;
export type Level = (typeof levels)[number];

/** True when `held` allows what needs `needed`. Without a level there is no access. */
export function atLeast(held: Level | undefined, needed: Level): boolean {
  return levels.indexOf(held ?? 'NONE') >= levels.indexOf(needed);
}

/** The weaker of two levels: nobody passes on more than they have. */
export function weaker(first: Level | undefined, second: Level | undefined): Level {
  return atLeast(first, second ?? 'NONE') ? (second ?? 'NONE') : (first ?? 'NONE');
}

/** Reads a level from text. */
export function isLevel(text: unknown): text is Level {
  return (levels as readonly unknown[]).includes(text);
}
