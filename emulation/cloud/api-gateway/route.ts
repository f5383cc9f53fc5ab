// Route keys of an HTTP API (`POST /{subject}/run`, `$default`) and which of them a request takes. Knows no integration.

export type RouteMatch = { readonly routeKey: string; readonly pathParameters: Readonly<Record<string, string>> };

type CompiledRoute = {
  readonly routeKey: string;
  readonly method: string;
  readonly expression: RegExp;
  /** Per segment: 0 literal, 1 variable, 2 greedy; the most specific route has the least list. */
  readonly rank: readonly number[];
};

/**
 * Answers the most specific route of a request, undefined where there is none, not even `$default`.
 * Rules: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html (full match, then
 * greedy variable, then `$default`).
 */
export function compileRoutes(routeKeys: readonly string[]): (method: string, path: string) => RouteMatch | undefined {
  const routes = routeKeys
    .filter((key) => key !== '$default')
    .map(compileRoute)
    .sort(bySpecificity);
  const hasDefault = routeKeys.includes('$default');
  return (method, path) => {
    for (const { routeKey, method: wanted, expression } of routes) {
      if (wanted !== 'ANY' && wanted !== method) continue;
      const match = expression.exec(path);
      if (match) return { routeKey, pathParameters: { ...match.groups } };
    }
    return hasDefault ? { routeKey: '$default', pathParameters: {} } : undefined;
  };
}

function compileRoute(routeKey: string): CompiledRoute {
  const [method = 'ANY', path = '/'] = routeKey.split(' ');
  const segments = path.split('/').slice(1);
  const source = segments.map((segment) => {
    const [, name, greedy] = /^\{([^}+]+)(\+)?\}$/.exec(segment) ?? [];
    if (name === undefined) return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return `(?<${name}>${greedy ? '.+' : '[^/]+'})`;
  });
  const rank = segments.map((segment) => (segment.startsWith('{') ? (segment.endsWith('+}') ? 2 : 1) : 0));
  return { routeKey, method, expression: new RegExp(`^/${source.join('/')}/?$`), rank };
}

function bySpecificity(left: CompiledRoute, right: CompiledRoute): number {
  for (const [index, rank] of left.rank.entries()) {
    const difference = rank - (right.rank[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return Number(left.method === 'ANY') - Number(right.method === 'ANY');
}
