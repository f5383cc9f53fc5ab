// Opens the ports that functions call: the services of the JSON protocols, S3, and the gate to the tables. Other
// programs on this machine do not need them.

import { listenAgain } from '../../machine/listener.ts';
import type { Steps } from '../../machine/step.ts';
import { connectionRoute } from '../cloud/api-gateway/connection-route.ts';
import { invokeRoute } from '../cloud/lambda/invoke-route.ts';
import { createControlServer } from '../cloud/wire/control-server.ts';
import { createSigV4Verifier } from '../cloud/wire/signature.ts';
import type { Services } from './engine-set.ts';
import type { Front } from './front.ts';
import type { EndpointVariables } from './function.ts';
import type { Ground } from './ground.ts';
import { countedStates } from './worker.ts';

export type EndpointOptions = {
  readonly ground: Ground;
  readonly services: Services;
  readonly front: Front;
  report(what: string, fault: unknown): void;
  /** Called with the tables of each write. */
  onWrite(tables: readonly string[]): void;
};

/** Opens the ports and returns the variables by which SDKs find them. */
export async function openEndpoints(options: EndpointOptions, steps: Steps): Promise<EndpointVariables> {
  const { ground, services, front, report, onWrite } = options;
  const { folder, authority, tables, count } = ground;
  const { sqs, ssm, logs, ecs, s3, lambda, stepFunctions, capacity } = services;
  const verify = createSigV4Verifier(authority.credentials);
  const control = createControlServer({
    services: [sqs.api, ssm.api, logs.api, ecs.api, countedStates(stepFunctions.api, capacity)],
    verify,
    authorise: authority.authorise,
    rest: [invokeRoute(lambda), connectionRoute(front.webSocketApi)],
    onCall: ({ service, operation }) => count(`${service}:${operation}`),
    onFault: (fault, what) => report(what, fault),
  });
  const ports = folder.file('ports');
  const controlServer = await listenAgain(ports, 'control', control);
  steps.add(() => controlServer.close());
  const s3Server = await listenAgain(ports, 's3', s3.listener);
  steps.add(() => s3Server.close());
  const gate = await tables.openGate({ authority, verify, onWrite, count });
  steps.add(() => gate.close());
  return {
    AWS_ENDPOINT_URL: controlServer.url,
    AWS_ENDPOINT_URL_S3: s3Server.url,
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${gate.port}`,
    AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: `${controlServer.url}/${front.callbackPath}`,
  };
}
