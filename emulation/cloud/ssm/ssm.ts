// AWS Systems Manager's parameters for the embedded cloud. They are kept in memory only: secrets never reach the disk,
// and a restart makes new ones.

import { createHmac, randomBytes } from 'node:crypto';
import { arnOf } from '../wire/account.ts';
import { AwsError } from '../wire/aws-error.ts';
import type { JsonService } from '../wire/control-server.ts';
import { booleanMember, type Input, stringMember } from '../wire/input.ts';

export type ParameterType = 'String' | 'StringList' | 'SecureString';

export type Ssm = {
  readonly api: JsonService;
  /** Sets a parameter, whether or not it exists already. */
  put(name: string, value: string, type?: ParameterType): void;
};

type Parameter = {
  readonly name: string;
  readonly type: ParameterType;
  readonly value: string;
  readonly version: number;
  readonly modifiedAt: number;
};

/** GetParameter and PutParameter for standard parameters. A SecureString read without decryption is an opaque text. */
export function createSsm({ now = Date.now }: { now?(): number } = {}): Ssm {
  const parameters = new Map<string, Parameter>();
  const cipherKey = randomBytes(32);
  const put = (name: string, value: string, type: ParameterType): number => {
    const version = (parameters.get(name)?.version ?? 0) + 1;
    parameters.set(name, { name, type, value, version, modifiedAt: now() });
    return version;
  };
  return {
    put: (name, value, type = 'String') => void put(name, value, type),
    api: {
      name: 'ssm',
      targetPrefix: 'AmazonSSM',
      resources: (_operation, input) => [arnOfParameter(withoutSelector(stringMember(input, 'Name') ?? '*'))],
      operations: {
        GetParameter: (input) => ({ Parameter: getParameter(parameters, input, cipherKey) }),
        PutParameter(input) {
          const { name, value, type } = readPut(parameters, input);
          return { Version: put(name, value, type), Tier: 'Standard' };
        },
      },
    },
  };
}

function getParameter(parameters: ReadonlyMap<string, Parameter>, input: Input, cipherKey: Buffer): object {
  const asked = stringMember(input, 'Name') ?? '';
  const name = withoutSelector(asked);
  const parameter = parameters.get(name);
  if (!parameter) throw new AwsError('ParameterNotFound', `Parameter ${name} not found.`);
  const selector = asked === name ? undefined : asked.slice(asked.lastIndexOf(':') + 1);
  if (selector !== undefined && selector !== String(parameter.version)) {
    const text = `Systems Manager could not find version ${selector} of ${name}; only the latest is kept here.`;
    throw new AwsError('ParameterVersionNotFound', text);
  }
  const hidden = parameter.type === 'SecureString' && booleanMember(input, 'WithDecryption') !== true;
  return {
    Name: name,
    Type: parameter.type,
    Value: hidden ? createHmac('sha256', cipherKey).update(parameter.value).digest('base64') : parameter.value,
    Version: parameter.version,
    Selector: selector === undefined ? undefined : `:${selector}`,
    LastModifiedDate: parameter.modifiedAt / 1000,
    ARN: arnOfParameter(name),
    DataType: 'text',
  };
}

function readPut(parameters: ReadonlyMap<string, Parameter>, input: Input) {
  const name = stringMember(input, 'Name') ?? '';
  if (!namePattern.test(name)) throw new AwsError('ValidationException', `Parameter name ${name} is not valid.`);
  const existing = parameters.get(name);
  if (existing && booleanMember(input, 'Overwrite') !== true) {
    const text =
      'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.';
    throw new AwsError('ParameterAlreadyExists', text);
  }
  const value = stringMember(input, 'Value');
  if (!value)
    throw new AwsError('ValidationException', `Parameter ${name} must have a value of at least one character.`);
  if (Buffer.byteLength(value) > maximumValueBytes) {
    const text = `Standard tier parameters support a maximum parameter value of ${maximumValueBytes} characters.`;
    throw new AwsError('ValidationException', text);
  }
  const type = stringMember(input, 'Type') ?? existing?.type;
  if (type === undefined)
    throw new AwsError('ValidationException', 'A parameter type is required when you create a parameter.');
  if (!parameterTypes.includes(type))
    throw new AwsError('UnsupportedParameterType', `The parameter type ${type} is not supported.`);
  return { name, value, type: type as ParameterType };
}

/** Removes the version from `name:version`. Names do not contain colons, and an ARN's name follows `parameter`. */
function withoutSelector(name: string): string {
  const plain = name.replace(/^arn:aws:ssm:[^:]*:[^:]*:parameter(?=\/)/, '');
  return plain.split(':', 1)[0] ?? plain;
}

function arnOfParameter(name: string): string {
  return arnOf('ssm', `parameter${name.startsWith('/') ? '' : '/'}${name}`);
}

/** Limits of a standard parameter (API_PutParameter). Names have at most 1011 characters. */
const maximumValueBytes = 4_096;
const namePattern = /^[a-zA-Z0-9_.\-/]{1,1011}$/;
const parameterTypes: readonly string[] = ['String', 'StringList', 'SecureString'];
