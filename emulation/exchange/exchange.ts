// Reads from AWS's own variables which services stand elsewhere. It lists the services that may, and the reason why
// each other one must stay here.

import { StartRefusal } from '../../machine/start-refusal.ts';
import { type Place, readPlace } from './place.ts';

/** The services that stand elsewhere. The others are ours. */
export type Exchanges = {
  readonly dynamoDb?: Place;
  /** The address of its streams. AWS has another host for them, but local engines do not. */
  readonly streams?: Place;
  readonly s3?: Place;
  readonly sqs?: Place;
  readonly logs?: Place;
};

/** Each variable that is honoured, with the data that its service holds. `espalier start --help` prints them. */
export const exchangeVariables: Readonly<
  Record<keyof Exchanges, { readonly variable: string; readonly what: string }>
> = {
  dynamoDb: { variable: 'AWS_ENDPOINT_URL_DYNAMODB', what: 'the rows of all tables' },
  streams: {
    variable: 'AWS_ENDPOINT_URL_DYNAMODB_STREAMS',
    what: 'the streams of the tables, if they have an address of their own',
  },
  s3: { variable: 'AWS_ENDPOINT_URL_S3', what: 'the bytes of files' },
  sqs: { variable: 'AWS_ENDPOINT_URL_SQS', what: 'the queues of pending work' },
  logs: { variable: 'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS', what: 'the logs of jobs and functions' },
};

/**
 * Reads the variables. AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true switches all of them off, as for AWS's own tools.
 * Variables of services that the platform does not use are ignored, because they are meant for other programs.
 * @throws StartRefusal for a variable that cannot be honoured, because ignoring it would hide where the data is.
 */
export function readExchanges(environment: Readonly<NodeJS.ProcessEnv>): Exchanges {
  if (areIgnored(environment)) return {};
  const isSet = (name: string) => (environment[name] ?? '') !== '';
  const honoured = Object.values(exchangeVariables).map(({ variable }) => variable);
  const refused = Object.keys(keptServices).filter(isSet);
  if (refused.length > 0) throw refusal(refused.sort(), honoured);
  const { dynamoDb, streams } = exchangeVariables;
  if (isSet(streams.variable) && !isSet(dynamoDb.variable)) {
    throw new StartRefusal(
      `${streams.variable} is set without ${dynamoDb.variable}: set both, because the streams belong to its tables.`,
    );
  }
  const named = Object.entries(exchangeVariables).filter(([, { variable }]) => isSet(variable));
  return Object.fromEntries(named.map(([name, { variable }]) => [name, readPlace(variable, environment)]));
}

/** The variables of the same kind that the platform does not use. A mistyped name is among them. */
export function unusedVariables(environment: Readonly<NodeJS.ProcessEnv>): string[] {
  if (areIgnored(environment)) return [];
  const honoured = Object.values(exchangeVariables).map(({ variable }) => variable);
  const isOurs = (name: string) => Object.hasOwn(keptServices, name) || honoured.includes(name);
  return Object.keys(environment).filter(
    (name) => name.startsWith(`${endpointPrefix}_`) && environment[name] && !isOurs(name),
  );
}

function areIgnored(environment: Readonly<NodeJS.ProcessEnv>): boolean {
  return environment.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS?.toLowerCase() === 'true';
}

function refusal(refused: readonly string[], honoured: readonly string[]): StartRefusal {
  const reasons = refused.map((name) => `${name} cannot be honoured, because ${keptServices[name]}`);
  const advice = `unset ${refused.length === 1 ? 'it' : 'them'}, or set AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true`;
  return new StartRefusal(`${reasons.join('; ')}: ${advice} (these are honoured: ${honoured.join(', ')}).`);
}

/** The variables of services that have to be ours, with the reason. */
const keptServices: Readonly<Record<string, string>> = {
  AWS_ENDPOINT_URL: 'it names every service at once, and some can only be on this machine',
  AWS_ENDPOINT_URL_SFN:
    'its executions start workers and invoke functions, which are on this machine and out of its reach',
  AWS_ENDPOINT_URL_ECS: 'its tasks would run where neither the API nor the files of this machine can be reached',
  AWS_ENDPOINT_URL_EVENTBRIDGE: 'it would have to take the events of services here, and to invoke functions here',
  AWS_ENDPOINT_URL_LAMBDA: 'the functions run in this process, before the services that they call',
  AWS_ENDPOINT_URL_SSM: 'its parameters are the address and the key of the platform on this machine',
  AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: 'the connections that it sends to are open on this machine',
};

const endpointPrefix = 'AWS_ENDPOINT_URL';
