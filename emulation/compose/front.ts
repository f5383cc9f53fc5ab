// Serves the one port that clients and workers see. The distribution chooses the API of a request, and the API's routes
// choose the function.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { closeServer } from '../../machine/listener.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { checkInvocation } from '../authority/permission.ts';
import { createHttpApi, type HttpApi, maximumBodyBytes, refuse } from '../cloud/api-gateway/http-api.ts';
import { flatHeaders } from '../cloud/api-gateway/http-event.ts';
import { createWebSocketApi, type WebSocketApi } from '../cloud/api-gateway/websocket-api.ts';
import { createDistribution, type Distribution, type DistributionConfig } from '../cloud/cloud-front/distribution.ts';
import type { Lambda } from '../cloud/lambda/lambda.ts';
import { arnOf } from '../cloud/wire/account.ts';
import { AwsError } from '../cloud/wire/aws-error.ts';
import { readBody } from '../cloud/wire/request-body.ts';
import { apiDomain } from '../template/resource-identity.ts';
import type { DeployedResource, ResourceSet } from '../template/resource-set.ts';

export type Front = {
  /** Does not listen yet. */
  readonly server: Server;
  /** Returns the WebSocket API of an id and stage, so that functions can send to its connections. */
  webSocketApi(apiId: string, stage: string): WebSocketApi | undefined;
  /** The id and stage of the WebSocket API, as a path. */
  readonly callbackPath: string | undefined;
  /** Replaces the addresses of the template's HTTP APIs in a text by `url`, the address of this port. */
  localise(text: string, url: string): string;
  close(): Promise<void>;
};

type Served = { readonly stage: string } & (
  | { readonly kind: 'http'; readonly api: HttpApi }
  | { readonly kind: 'websocket'; readonly api: WebSocketApi; readonly apiId: string }
);

/** @throws StartRefusal where the template's APIs or its distribution cannot be served here. */
export function createFront(
  resources: ResourceSet,
  lambda: Lambda,
  report: (what: string, fault: unknown) => void,
): Front {
  const apis = new Map(
    resources.ofType('AWS::ApiGatewayV2::Api').map((api) => [apiDomain(api.name), serveApi(api, resources, lambda)]),
  );
  const distribution = theDistribution(resources);
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 65_000 }, (req, res) => {
    serveRequest(req, res, distribution, apis).catch((error: unknown) => {
      if (error instanceof AwsError)
        refuse(res, error.status, error.status === 413 ? 'Request Entity Too Large' : error.message);
      else {
        if (!req.destroyed) report(`${req.method} ${req.url?.split('?', 1)[0]}`, error);
        if (!res.headersSent) refuse(res, 500, 'Internal Server Error');
      }
    });
  });
  server.on('upgrade', (req, socket, head) => {
    socket.on('error', () => socket.destroy());
    acceptUpgrade(req, socket, head, distribution, apis).catch((error: unknown) => {
      report(`upgrade of ${req.url?.split('?', 1)[0]}`, error);
      socket.destroy();
    });
  });
  const httpDomains = [...apis].flatMap(([domain, { kind }]) => (kind === 'http' ? [domain] : []));
  const webSockets = [...apis.values()].filter((served) => served.kind === 'websocket');
  return {
    server,
    webSocketApi: (apiId, stage) => webSockets.find((served) => served.apiId === apiId && served.stage === stage)?.api,
    callbackPath: webSockets[0] && `${webSockets[0].apiId}/${webSockets[0].stage}`,
    localise: (text, url) => httpDomains.reduce((local, domain) => local.replaceAll(`https://${domain}`, url), text),
    async close() {
      for (const { api } of webSockets) api.close();
      await closeServer(server, closeLimitMs);
    },
  };
}

function serveApi(api: DeployedResource, resources: ResourceSet, lambda: Lambda): Served {
  const ofApi = (type: string) => resources.ofType(type).filter(({ properties }) => properties.ApiId === api.name);
  const [stage] = ofApi('AWS::ApiGatewayV2::Stage').map(({ properties }) => String(properties.StageName));
  if (stage === undefined)
    throw new StartRefusal(`The API ${api.properties.Name} of the template has no stage: add one.`);
  const integrations = new Map(
    ofApi('AWS::ApiGatewayV2::Integration').map(({ name, properties }) => [name, properties]),
  );
  const permissions = resources.ofType('AWS::Lambda::Permission');
  const isHttp = api.properties.ProtocolType === 'HTTP';
  const routes = new Map(
    ofApi('AWS::ApiGatewayV2::Route').map(({ properties: { RouteKey, Target, AuthorizationType = 'NONE' } }) => {
      const integration = integrations.get(String(Target).replace(/^integrations\//, ''));
      if (integration?.IntegrationType !== 'AWS_PROXY' || AuthorizationType !== 'NONE') {
        throw new StartRefusal(
          `The route ${RouteKey} has an integration or authorizer that the local platform does not run: use AWS_PROXY without an authorizer.`,
        );
      }
      const functionArn = functionOf(String(integration.IntegrationUri));
      const sourceArn = arnOf('execute-api', `${api.name}/${stage}/${sourceOf(String(RouteKey), isHttp)}`);
      checkInvocation(permissions, { functionArn, service: 'apigateway.amazonaws.com', sourceArn });
      return [String(RouteKey), functionArn] as const;
    }),
  );
  const options = {
    apiId: api.name,
    domainName: apiDomain(api.name),
    stage,
    routes,
    invoke: (functionArn: string, payload: string) => lambda.invoke(functionArn, payload),
    now: Date.now,
  };
  if (isHttp) return { kind: 'http', stage, api: createHttpApi(options) };
  const routeSelectionExpression = String(api.properties.RouteSelectionExpression);
  return {
    kind: 'websocket',
    stage,
    apiId: api.name,
    api: createWebSocketApi({ ...options, routeSelectionExpression }),
  };
}

/** The integration of a WebSocket API names the function within a path of the Lambda API. */
function functionOf(uri: string): string {
  return /(arn:aws:lambda:[^/]+:function:[^/]+)/.exec(uri)?.[1] ?? uri;
}

/** The end of a permission's SourceArn: method and path, or the route key of a WebSocket API. */
function sourceOf(routeKey: string, isHttp: boolean): string {
  if (!isHttp) return routeKey;
  const [method = '', path = ''] = routeKey.split(' ');
  return routeKey === '$default' ? '$default' : `${method}${path}`;
}

/** @throws StartRefusal unless the template holds exactly one distribution. */
function theDistribution(resources: ResourceSet): Distribution {
  const [distribution, ...others] = resources.ofType('AWS::CloudFront::Distribution');
  if (!distribution || others.length > 0) throw new StartRefusal('The template must hold exactly one distribution.');
  const functions = resources.ofType('AWS::CloudFront::Function');
  return createDistribution(distribution.properties.DistributionConfig as DistributionConfig, (arn) => {
    const code = functions.find(({ name }) => arn.endsWith(`function/${name}`))?.properties.FunctionCode;
    if (typeof code !== 'string')
      throw new StartRefusal(`The distribution uses the CloudFront function ${arn}, which the template does not hold.`);
    return code;
  });
}

type Target = { readonly served: Served; readonly path: string; readonly query: string };

function findTarget(
  req: IncomingMessage,
  distribution: Distribution,
  apis: ReadonlyMap<string, Served>,
): Target | { readonly status: number } {
  const url = req.url ?? '/';
  const mark = url.indexOf('?');
  const routed = distribution.route({
    method: req.method ?? 'GET',
    uri: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers: flatHeaders(req.headers),
  });
  if ('status' in routed) return routed;
  const served = apis.get(routed.domainName);
  if (!served) return { status: 502 };
  // The stage `$default` is not part of a path. Any other stage is its first segment.
  const prefix = served.stage === '$default' ? '' : `/${served.stage}`;
  if (!routed.path.startsWith(prefix)) return { status: 403 };
  return { served, path: routed.path.slice(prefix.length) || '/', query: routed.query };
}

async function serveRequest(
  req: IncomingMessage,
  res: ServerResponse,
  distribution: Distribution,
  apis: ReadonlyMap<string, Served>,
): Promise<void> {
  const target = findTarget(req, distribution, apis);
  if ('status' in target) return refuse(res, target.status, target.status === 404 ? 'Not Found' : 'Forbidden');
  // A WebSocket API answers 426 to a plain request.
  if (target.served.kind !== 'http') return refuse(res, 426, 'Upgrade Required');
  const { path, query } = target;
  const request = {
    method: req.method ?? 'GET',
    path,
    query,
    headers: req.headers,
    body: await readBody(req, maximumBodyBytes),
    sourceIp: req.socket.remoteAddress ?? '127.0.0.1',
  };
  await target.served.api.serve(request, res);
}

async function acceptUpgrade(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  distribution: Distribution,
  apis: ReadonlyMap<string, Served>,
): Promise<void> {
  const target = findTarget(req, distribution, apis);
  if ('served' in target && target.served.kind === 'websocket') {
    await target.served.api.accept(req, socket, head, target.query);
    return;
  }
  const status = 'status' in target ? target.status : 400;
  socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
}

/** The time that requests under way have to end when the platform ends. */
const closeLimitMs = 2_000;
