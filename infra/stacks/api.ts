// The entrance for clients, workers and log readers: one HTTP API, one WebSocket API, and their functions.

import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  type CfnStage,
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
  WebSocketApi,
  WebSocketStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration, WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { loginPath } from '../../core/access/login-path.ts';
import { environmentOf, type Variable } from '../constructs/environment.ts';
import type { FunctionCode, FunctionName } from '../constructs/function-code.ts';
import {
  mayContent,
  mayKnowAbsence,
  mayReadParameter,
  mayRows,
  maySend,
  mayUseDeploymentKey,
  type RowRight,
} from '../constructs/permission.ts';
import { PlatformFunction } from '../constructs/platform-function.ts';
import { ProductStack } from '../constructs/product-stack.ts';
import { sharedParameters, shareValue } from '../constructs/shared-parameter.ts';
import { arnOf, type Deployment, pathName, physicalName } from '../deployment.ts';

/** The WebSocket API's stage, which the edge adds to the path. */
export const logStageName = 'log';

/** The variables and permissions of one function. */
type Needs = { readonly variables: readonly Variable[]; readonly statements: readonly PolicyStatement[] };

export class ApiStack extends ProductStack {
  readonly #code: FunctionCode;

  constructor(scope: Construct, deployment: Deployment, code: FunctionCode) {
    super(scope, 'Api', { deployment, description: 'Espalier: the HTTP API and the log WebSocket' });
    this.#code = code;
    const http = this.#httpApi();
    shareValue(this, deployment, 'httpApiDomain', http);
    // Workers reach the API without the edge. People use the edge's host.
    shareValue(this, deployment, 'apiUrl', `https://${http}`);
    shareValue(this, deployment, 'websocketApiDomain', this.#logApi());
  }

  #httpApi(): string {
    const { deployment } = this;
    const other = integration('Other', this.#apiFunction());
    const api = new HttpApi(this, 'HttpApi', {
      apiName: physicalName(deployment, 'http'),
      description: 'The DNAnexus HTTP API',
      createDefaultStage: false,
      defaultIntegration: other,
    });
    const run = integration('Run', this.#runFunction());
    const post = { methods: [HttpMethod.POST] };
    api.addRoutes({ path: '/job/new', integration: integration('NewJob', this.#newJobFunction()), ...post });
    api.addRoutes({ path: '/{subject}/run', integration: run, ...post });
    api.addRoutes({ path: '/{subject}/{alias}/run', integration: run, ...post });
    api.addRoutes({ path: '/_worker/{op}', integration: integration('Worker', this.#workerFunction()), ...post });
    const login = api.addRoutes({ path: loginPath, integration: other, ...post });
    const accessLog = new LogGroup(this, 'AccessLog', {
      logGroupName: pathName(deployment, 'access'),
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const stage = new HttpStage(this, 'HttpStage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle,
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLog),
        format: AccessLogFormat.custom(JSON.stringify(accessLogFields)),
      },
    });
    // A limit for a route that does not exist yet is refused, and CDK's own construct does not offer limits of routes.
    stage.node.addDependency(...login);
    (stage.node.defaultChild as CfnStage).routeSettings = { [loginRoute]: loginThrottle };
    shareValue(this, deployment, 'httpApiId', api.apiId);
    return `${api.apiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}`;
  }

  #runFunction(): PlatformFunction {
    // A run makes the folder of its outputs, the project cache of its app, and an app of the platform's own.
    const needs = this.#jobCreator({ containers: ['read', 'put', 'delete'], objects: ['read', 'put'] });
    return this.#httpFunction('Run', 'run', 'POST /{executable}/run', needs);
  }

  #newJobFunction(): PlatformFunction {
    return this.#httpFunction(
      'NewJob',
      'new-job',
      'POST /job/new',
      this.#jobCreator({ containers: ['read'], objects: ['read'] }),
    );
  }

  /**
   * A job consists of rows: the stream of the table starts it. A message collects bodies that the function leaves in
   * the bucket.
   */
  #jobCreator({ containers, objects }: Record<'containers' | 'objects', readonly RowRight[]>): Needs {
    const { deployment } = this;
    return {
      variables: ['CONTENT_BUCKET', 'WORK_QUEUE_URL', 'LEASE_SECONDS'],
      statements: [
        mayRows(deployment, 'executions', ['read', 'put', 'update']),
        mayRows(deployment, 'objects', objects),
        mayRows(deployment, 'containers', containers),
        mayRows(deployment, 'identities', ['read']),
        mayContent(deployment, 'meta', ['read', 'write']),
        mayKnowAbsence(deployment),
        maySend(deployment, 'work'),
      ],
    };
  }

  #apiFunction(): PlatformFunction {
    const { deployment } = this;
    return this.#httpFunction('Api', 'api', 'Every route that has no function of its own', {
      variables: ['CONTENT_BUCKET', 'WORK_QUEUE_URL', 'DEPLOYMENT_KEY_PARAMETER', 'API_URL_PARAMETER', 'LEASE_SECONDS'],
      statements: [
        mayRows(deployment, 'executions', ['read', 'put', 'update']),
        mayRows(deployment, 'objects', ['read', 'put', 'update', 'delete']),
        mayRows(deployment, 'containers', ['read', 'put', 'update', 'delete']),
        mayRows(deployment, 'identities', ['read', 'put', 'delete']),
        mayContent(deployment, 'w', ['read', 'write', 'delete', 'parts', 'abort']),
        mayContent(deployment, 'meta', ['read', 'write']),
        mayKnowAbsence(deployment),
        maySend(deployment, 'work'),
        mayUseDeploymentKey(deployment),
        mayReadParameter(deployment, sharedParameters.apiUrl),
      ],
    });
  }

  /**
   * A job may be done in the call that reports its output. Its objects are then cloned there, and taken back if its try
   * has ended meanwhile (docs/reference/protocols.md, "Finish").
   */
  #workerFunction(): PlatformFunction {
    const { deployment } = this;
    const { variables } = this.#jobCreator({ containers: ['read'], objects: ['read'] });
    return this.#httpFunction('WorkerApi', 'worker-api', 'POST /_worker/{op}: claim, heartbeat, finish', {
      variables: [...variables, 'DEPLOYMENT_KEY_PARAMETER', 'HEARTBEAT_SECONDS'],
      statements: [
        mayRows(deployment, 'executions', ['read', 'put', 'update']),
        mayRows(deployment, 'objects', ['read', 'put', 'update', 'delete']),
        mayRows(deployment, 'containers', ['read', 'put', 'delete']),
        mayRows(deployment, 'identities', ['read']),
        mayContent(deployment, 'meta', ['read', 'write']),
        mayContent(deployment, 'w', ['delete', 'abort']),
        mayKnowAbsence(deployment),
        maySend(deployment, 'work'),
        mayUseDeploymentKey(deployment),
      ],
    });
  }

  #httpFunction(id: string, name: FunctionName, description: string, needs: Needs): PlatformFunction {
    return new PlatformFunction(this, id, {
      deployment: this.deployment,
      name,
      description,
      code: this.#code,
      timeoutSeconds: httpTimeoutSeconds,
      environment: environmentOf(this.deployment, needs.variables),
      statements: needs.statements,
    });
  }

  /**
   * API Gateway does not accept a path after the stage: the edge turns `/job-x/getLog/websocket` into `/log?job=job-x`.
   */
  #logApi(): string {
    const { deployment } = this;
    const api = new WebSocketApi(this, 'LogApi', {
      apiName: physicalName(deployment, 'log'),
      description: 'Job logs as they are written',
      routeSelectionExpression: '$request.body.action',
    });
    const log = this.#logFunction(api.apiId);
    api.addRoute('$connect', { integration: new WebSocketLambdaIntegration('Connect', log) });
    api.addRoute('$default', { integration: new WebSocketLambdaIntegration('Message', log) });
    api.addRoute('$disconnect', { integration: new WebSocketLambdaIntegration('Disconnect', log) });
    new WebSocketStage(this, 'LogStage', { webSocketApi: api, stageName: logStageName, autoDeploy: true, throttle });
    return `${api.apiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}`;
  }

  #logFunction(apiId: string): PlatformFunction {
    const { deployment } = this;
    const self = arnOf('lambda', `function:${physicalName(deployment, 'log')}`);
    return new PlatformFunction(this, 'Log', {
      deployment,
      name: 'log',
      description: 'Streams a job log to a WebSocket: connects, reads the request, pumps and re-invokes itself',
      code: this.#code,
      timeoutSeconds: 900,
      memoryMb: 256,
      repeats: true,
      asynchronous: {
        retryAttempts: 1,
        maxEventAge: Duration.minutes(2),
        onFailure: new SqsDestination(
          Queue.fromQueueArn(this, 'GivenUp', arnOf('sqs', physicalName(deployment, 'given-up'))),
        ),
      },
      environment: environmentOf(deployment, ['CONTENT_BUCKET', 'WORKER_LOG_GROUP', 'LEASE_SECONDS']),
      statements: [
        mayRows(deployment, 'executions', ['read']),
        mayRows(deployment, 'containers', ['read']),
        mayRows(deployment, 'identities', ['read', 'put', 'delete']),
        mayContent(deployment, 'meta', ['read']),
        new PolicyStatement({
          actions: ['logs:GetLogEvents'],
          resources: [arnOf('logs', `log-group:${pathName(deployment, 'worker')}:log-stream:worker/worker/*`)],
        }),
        new PolicyStatement({
          actions: ['execute-api:ManageConnections'],
          resources: ['POST', 'DELETE'].map((verb) =>
            arnOf('execute-api', `${apiId}/${logStageName}/${verb}/@connections/*`),
          ),
        }),
        new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [self] }),
        maySend(deployment, 'given-up'),
      ],
    });
  }
}

function integration(id: string, handler: PlatformFunction): HttpLambdaIntegration {
  return new HttpLambdaIntegration(id, handler);
}

/** HTTP API gives up after 30 s. A function that reaches its own limit before that still logs why. */
const httpTimeoutSeconds = 29;
const throttle = { rateLimit: 2000, burstLimit: 1000 };
/**
 * Anybody may try passwords, and each try costs a slow hash. Few a second are therefore admitted, all callers together.
 */
const loginThrottle = { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 };
const loginRoute = `POST ${loginPath}`;

/**
 * The log never has a body, a query or a token. It has no path either, because the path of a download link is a
 * credential.
 */
const accessLogFields = {
  time: '$context.requestTime',
  requestId: '$context.requestId',
  sourceIp: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  route: '$context.routeKey',
  status: '$context.status',
  responseBytes: '$context.responseLength',
  latencyMs: '$context.responseLatency',
  integrationError: '$context.integrationErrorMessage',
};
