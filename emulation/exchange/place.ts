// Reads the address of a service that stands in for one of ours, and the user's keys, region and account there.

import { StartRefusal } from '../../machine/start-refusal.ts';
import { localRegion } from '../cloud/wire/account.ts';

export type AccessKeys = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

export type Place = {
  /** The variable that names the address, for messages. */
  readonly variable: string;
  /** `http://host:port` or `https://host`, perhaps with a path. It has no slash at its end. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: AccessKeys;
  /** The value of AWS_ACCOUNT_ID. Undefined where it is not set. */
  readonly accountId: string | undefined;
};

/**
 * Reads the place that a variable names, with the user's own keys, region and account from AWS's variables.
 * @throws StartRefusal for a value that is not an address.
 */
export function readPlace(variable: string, environment: Readonly<NodeJS.ProcessEnv>): Place {
  return {
    variable,
    endpoint: readAddress(variable, environment[variable] ?? ''),
    region: environment.AWS_REGION || environment.AWS_DEFAULT_REGION || localRegion,
    credentials: credentialsIn(environment),
    accountId: environment.AWS_ACCOUNT_ID || undefined,
  };
}

/** Runs a call that a start needs. @throws StartRefusal with `what`, the address, the variable and the reason. */
export async function demandOf<Result>(place: Place, what: string, ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof StartRefusal) throw cause;
    throw new StartRefusal(`${what} at ${place.endpoint} (${place.variable}): ${reasonOf(cause)}.`, { cause });
  }
}

function readAddress(variable: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.search === '';
  if (!plain) throw new StartRefusal(`${variable} must be an address like http://127.0.0.1:4566, not "${text}".`);
  return url.href.replace(/\/+$/, '');
}

function credentialsIn(environment: Readonly<NodeJS.ProcessEnv>): AccessKeys {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return nobodyId;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
  };
}

/** A network error has no message when several addresses were tried. */
function reasonOf(cause: unknown): string {
  const { name, message, code } = cause as NodeJS.ErrnoException;
  const text = message || code || name;
  return (name === 'Error' || name === 'AggregateError' ? text : `${name}: ${text}`).replace(/[.\s]+$/, '');
}

/** Keys for an engine that checks no signatures and takes any key. */
const nobodyId: AccessKeys = { accessKeyId: 'local', secretAccessKey: 'local' };
