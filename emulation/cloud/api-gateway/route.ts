// Compiles the route keys of an HTTP API (`POST /{subject}/run`, `$default`) and finds the route of a request.

export type RouteMatch = { readonly routeKey: string; readonly pathParameters: Readonly<Record<string, string>> };

type CompiledRoute = {
  readonly routeKey: string;
  readonly method: string;
  readonly expression: RegExp;
  /** Per segment: 0 is literal, 1 a variable, 2 a greedy variable. The most specific route has the smallest list. */
  readonly rank: readonly number[];
};

/**
 * Returns a function that finds the most specific route of a request. It returns undefined if no route matches and
 * there is no `$default`.
 * The order is: full match, greedy variable, `$default`.
 * Rules: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
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
