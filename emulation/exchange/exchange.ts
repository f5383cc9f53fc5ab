// Which services stand elsewhere, by AWS's own variables: those that may, and why each other one must stay here. It opens
// no connection.
import { StartRefusal } from '../../machine/start-refusal.ts';
import { type Place, readPlace } from './place.ts';

/** The services that are exchanged; the others are ours. */
export type Exchanges = {
  readonly dynamoDb?: Place;
  /** Where its streams are; AWS has another host for them, engines for one machine have not. */
  readonly streams?: Place;
  readonly s3?: Place;
  readonly sqs?: Place;
  readonly logs?: Place;
};

/** Each variable that is honoured, with what it names. `espalier start --help` prints them. */
export const HONOURED: Readonly<Record<keyof Exchanges, { readonly variable: string; readonly what: string }>> = {
  dynamoDb: { variable: 'AWS_ENDPOINT_URL_DYNAMODB', what: 'the rows of everything' },
  streams: {
    variable: 'AWS_ENDPOINT_URL_DYNAMODB_STREAMS',
    what: 'its streams, where they have an address of their own',
  },
  s3: { variable: 'AWS_ENDPOINT_URL_S3', what: 'the bytes of files' },
  sqs: { variable: 'AWS_ENDPOINT_URL_SQS', what: 'what is still to be done' },
  logs: { variable: 'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS', what: 'the logs of jobs and functions' },
};

/** Services of the template that have to be ours, and why. */
const KEPT: Readonly<Record<string, string>> = {
  AWS_ENDPOINT_URL: 'it names every service at once, and some can only be on this machine',
  AWS_ENDPOINT_URL_SFN:
    'its executions start workers and invoke functions, which are on this machine and out of its reach',
  AWS_ENDPOINT_URL_ECS: 'its tasks would run where neither the API nor the files of this machine can be reached',
  AWS_ENDPOINT_URL_EVENTBRIDGE: 'it would have to take the events of services here, and to invoke functions here',
  AWS_ENDPOINT_URL_LAMBDA: 'the functions run in this process, before the services that they call',
  AWS_ENDPOINT_URL_SSM: 'its parameters are the address and the key of the platform on this machine',
  AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: 'the connections that it sends to are open on this machine',
};
const FIRST = 'AWS_ENDPOINT_URL';

/**
 * Reads the variables. AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true switches all of them off, as it does for AWS's own tools.
 * Those of services that the platform does not use are for other programs, and are left to them.
 * @throws StartRefusal, in one sentence, for a variable that cannot be honoured: ignoring it would hide where data is.
 */
export function readExchanges(environment: Readonly<NodeJS.ProcessEnv>): Exchanges {
  if (areIgnored(environment)) return {};
  const isSet = (name: string) => (environment[name] ?? '') !== '';
  const honoured = Object.values(HONOURED).map(({ variable }) => variable);
  const refused = Object.keys(KEPT).filter(isSet);
  if (refused.length > 0) throw refusal(refused.sort(), honoured);
  const { dynamoDb, streams } = HONOURED;
  if (isSet(streams.variable) && !isSet(dynamoDb.variable)) {
    throw new StartRefusal(`${streams.variable} is set without ${dynamoDb.variable}: streams are those of its tables.`);
  }
  const named = Object.entries(HONOURED).filter(([, { variable }]) => isSet(variable));
  return Object.fromEntries(named.map(([name, { variable }]) => [name, readPlace(variable, environment)]));
}

/** Variables of the same kind that say nothing to the platform: a name that was mistyped is among them. */
export function unusedVariables(environment: Readonly<NodeJS.ProcessEnv>): string[] {
  if (areIgnored(environment)) return [];
  const honoured = Object.values(HONOURED).map(({ variable }) => variable);
  const isOurs = (name: string) => Object.hasOwn(KEPT, name) || honoured.includes(name);
  return Object.keys(environment).filter((name) => name.startsWith(`${FIRST}_`) && environment[name] && !isOurs(name));
}

function areIgnored(environment: Readonly<NodeJS.ProcessEnv>): boolean {
  return environment.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS?.toLowerCase() === 'true';
}

function refusal(refused: readonly string[], honoured: readonly string[]): StartRefusal {
  const reasons = refused.map((name) => `${name} cannot be honoured, because ${KEPT[name]}`);
  const advice = `unset ${refused.length === 1 ? 'it' : 'them'}, or set AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true`;
  return new StartRefusal(`${reasons.join('; ')}: ${advice} (honoured are ${honoured.join(', ')}).`);
}
