// Finds the route of a path.

import { resourceNotFound } from '../core/error/api-error.ts';
import { idClasses, parseId } from '../core/id/identifier.ts';
import type { Route } from './route.ts';

/**
 * The route that a path names, its subject and its alias, decoded. Anything else is ResourceNotFound, also a malformed id
 * (docs/reference/api.md, "Requests").
 */
export function matchRoute(
  routes: readonly Route[],
  path: string,
): { route: Route; subject: string; alias: string | undefined } {
  const segments = segmentsOf(path);
  const [subject = '', ...rest] = segments;
  for (const pattern of patternsOf(subject, rest)) {
    const route = tableOf(routes).get(pattern);
    if (route !== undefined) return { route, subject, alias: rest.length === 2 ? rest[0] : undefined };
  }
  // No object of a class that is not built yet can exist, whatever the method is.
  const named = rest.length > 0 && /-[0-9A-Za-z]{24}$/.test(subject) && laterHint(subject) !== undefined;
  throw resourceNotFound(named ? subject : path.slice(0, shownPathLength), hintFor(subject, rest.at(-1) ?? ''));
}

function hintFor(subject: string, method: string): string {
  const className = subject.split('-')[0] ?? '';
  const later = laterHint(subject);
  if (later !== undefined) return later;
  const missing = `${className}/${method}`;
  if (Object.hasOwn(methodsElsewhere, missing)) return methodsElsewhere[missing] ?? '';
  if (classOf(subject) !== undefined || /^[a-zA-Z]+$/.test(subject)) return 'there is no such method';
  const named = (idClasses as readonly string[]).includes(className);
  return named ? `an id is ${className}- and 24 letters and digits` : 'the path must be /<class or id>/<method>';
}

function laterHint(subject: string): string | undefined {
  const className = subject.split('-')[0] ?? '';
  return Object.hasOwn(classesToCome, className) ? classesToCome[className] : undefined;
}

/** The patterns that may match a path: with its class alone, with an id, with an id and an alias. */
function patternsOf(subject: string, rest: readonly string[]): string[] {
  const method = rest.at(-1);
  if (method === undefined || rest.length > 2) return [];
  const className = classOf(subject);
  if (rest.length === 2) return className === undefined ? [] : [`/${className}-xxxx[/yyyy]/${method}`];
  if (className === undefined) return [`/${subject}/${method}`];
  return [`/${className}-xxxx/${method}`, `/${className}-xxxx[/yyyy]/${method}`];
}

/** Apps and global workflows have names too. Whether one exists is another question. */
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

/** These classes are refused by name, so that nobody looks for a mistake of their own. */
const classesToCome: Readonly<Record<string, string>> = {
  org: 'this platform has no organizations yet',
  database: 'this platform has no databases',
  dbcluster: 'this platform has no database clusters',
};

const noArchive = 'this platform does not archive data: the data of a project is always live';
const noTransfer =
  'this platform does not bill projects, so they cannot be transferred: invite the other user as ADMINISTER';
/** Methods that clients know, and the alternatives here. */
const methodsElsewhere: Readonly<Record<string, string>> = {
  'project/archive': noArchive,
  'project/unarchive': noArchive,
  'project/transfer': noTransfer,
  'project/updateSponsorship': noTransfer,
  'user/new': 'the operator adds users, by `espalier user add NAME`',
  'container/destroy': 'workspaces are destroyed by the platform, when their jobs have ended',
  'job/getLog': 'logs are read over the websocket /job-xxxx/getLog/websocket, as `dx watch` does',
};

const tables = new WeakMap<readonly Route[], Map<string, Route>>();
const shownPathLength = 200;
