// Finds the route of a path. Knows no inputs and no callers.

import { resourceNotFound } from '../core/error/api-error.ts';
import { parseId } from '../core/id/identifier.ts';
import type { Route } from './route.ts';

/**
 * The route that a path names, and its subject, decoded. Anything else, a malformed id too, is ResourceNotFound
 * (dx-api.md §1.1).
 */
export function matchRoute(routes: readonly Route[], path: string): { route: Route; subject: string } {
  const segments = segmentsOf(path);
  const [subject = '', ...rest] = segments;
  for (const pattern of patternsOf(subject, rest)) {
    const route = tableOf(routes).get(pattern);
    if (route !== undefined) return { route, subject };
  }
  throw resourceNotFound(path.slice(0, shownPathLength), hintFor(subject));
}

function hintFor(subject: string): string {
  const later = classesToCome.get(classOf(subject) ?? subject);
  if (later !== undefined) return `this platform has no ${later} yet`;
  const known = parseId(subject) !== undefined || /^[a-zA-Z]+$/.test(subject);
  return known ? 'there is no such method' : 'the path must be /<class or id>/<method>';
}

/** The patterns that a path may stand for: with its class alone, with an id, with an id and an alias. */
function patternsOf(subject: string, rest: readonly string[]): string[] {
  const method = rest.at(-1);
  if (method === undefined || rest.length > 2) return [];
  const className = classOf(subject);
  if (rest.length === 2) return className === undefined ? [] : [`/${className}-xxxx[/yyyy]/${method}`];
  if (className === undefined) return [`/${subject}/${method}`];
  return [`/${className}-xxxx/${method}`, `/${className}-xxxx[/yyyy]/${method}`];
}

/** Apps and global workflows go by names too: whether one exists is another question. */
function classOf(subject: string): string | undefined {
  return parseId(subject)?.className ?? /^(app|globalworkflow)-./.exec(subject)?.[1];
}

function segmentsOf(path: string): string[] {
  const [bare = ''] = path.split('?');
  try {
    return bare.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return [];
  }
}

/** Each table of routes is indexed once. */
function tableOf(routes: readonly Route[]): Map<string, Route> {
  let table = tables.get(routes);
  if (table === undefined) {
    table = new Map(routes.map((route) => [route.path, route]));
    tables.set(routes, table);
  }
  return table;
}

/** Refused by name, so that nobody looks for a mistake of their own. */
const classesToCome: ReadonlyMap<string, string> = new Map([
  ['app', 'apps'],
  ['workflow', 'workflows'],
  ['globalworkflow', 'global workflows'],
  ['analysis', 'analyses'],
  ['org', 'organizations'],
  ['database', 'databases'],
]);

const tables = new WeakMap<readonly Route[], Map<string, Route>>();
const shownPathLength = 200;
