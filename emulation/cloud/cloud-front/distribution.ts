// A CloudFront distribution: finds the origin of a request and its path at that origin.

import { compileEdgeFunction, type EdgeFunction, type EdgeRequest } from './edge-function.ts';

export type OriginRequest = {
  readonly domainName: string;
  /** The path at the origin. It begins with the origin's OriginPath. */
  readonly path: string;
  readonly query: string;
};

export type Distribution = { route(request: EdgeRequest): OriginRequest | { readonly status: number } };

/** The part of `DistributionConfig` that is used here. */
export type DistributionConfig = {
  readonly Origins: readonly { readonly Id: string; readonly DomainName: string; readonly OriginPath?: string }[];
  readonly DefaultCacheBehavior: Behavior;
  readonly CacheBehaviors?: readonly (Behavior & { readonly PathPattern: string })[];
};
type Behavior = {
  readonly TargetOriginId: string;
  readonly AllowedMethods?: readonly string[];
  readonly FunctionAssociations?: readonly { readonly EventType: string; readonly FunctionARN: string }[];
};

/**
 * @param codeOf returns the code of a function by its ARN.
 * @throws Error for a function association that is not supported here, or for an origin that does not exist.
 */
export function createDistribution(config: DistributionConfig, codeOf: (arn: string) => string): Distribution {
  const compile = (behavior: Behavior, matches: (path: string) => boolean) => {
    const origin = config.Origins.find(({ Id }) => Id === behavior.TargetOriginId);
    if (!origin) throw new Error(`The distribution has no origin ${behavior.TargetOriginId}`);
    const functions: EdgeFunction[] = (behavior.FunctionAssociations ?? []).map(({ EventType, FunctionARN }) => {
      if (EventType !== 'viewer-request')
        throw new Error(`A CloudFront function on ${EventType} is not supported here. Use viewer-request.`);
      return compileEdgeFunction(codeOf(FunctionARN));
    });
    return { matches, origin, functions, methods: behavior.AllowedMethods ?? ['GET', 'HEAD'] };
  };
  const behaviors = [
    ...(config.CacheBehaviors ?? []).map((behavior) => compile(behavior, pathPattern(behavior.PathPattern))),
    compile(config.DefaultCacheBehavior, () => true),
  ];
  return {
    route(request) {
      const behavior = behaviors.find(({ matches }) => matches(request.uri));
      if (!behavior?.methods.includes(request.method)) return { status: 403 };
      let current = request;
      for (const run of behavior.functions) {
        const result = run(current);
        if ('status' in result) return result;
        current = result;
      }
      const { DomainName, OriginPath = '' } = behavior.origin;
      return { domainName: DomainName, path: `${OriginPath}${current.uri}`, query: current.query };
    },
  };
}

/** `*` matches any text including slashes, and `?` matches one character. Case matters. */
function pathPattern(pattern: string): (path: string) => boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source.startsWith('/') ? '' : '/?'}${source}$`, 's');
  return (path) => expression.test(path);
}
