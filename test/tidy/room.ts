// The rooms of core and engine: their folders depend on each other in one direction.

import type { SourceFile } from './source-tree.ts';

/** Circles between rooms, each reported once, at the import that closes it. */
export function findRoomCircles(files: readonly SourceFile[]): string[] {
  const arrows = new Map<string, Map<string, string>>();
  for (const { path, imports } of files) {
    const from = roomOf(path);
    for (const target of imports) {
      const to = roomOf(target);
      if (from === undefined || to === undefined || to === from) continue;
      arrows.set(from, (arrows.get(from) ?? new Map()).set(to, path));
    }
  }
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (room: string, trail: readonly string[]): void => {
    if (done.has(room)) return;
    for (const [next, path] of arrows.get(room) ?? []) {
      const begin = [...trail, room].indexOf(next);
      if (begin < 0) visit(next, [...trail, room]);
      else found.push(`${path}:1: closes the circle of rooms ${[...trail, room].slice(begin).join(' → ')} → ${next}`);
    }
    done.add(room);
  };
  for (const room of arrows.keys()) visit(room, []);
  return found;
}

/** `engine/job` for a file in a room of core or engine; undefined for files elsewhere, and for those at their roots. */
function roomOf(path: string): string | undefined {
  return /^((?:core|engine)\/[^/]+)\//.exec(path)?.[1];
}
