// A message's own attributes: their check, size, MD5 and selection by name. It knows nothing of queues.
import { createHash } from 'node:crypto';
import { type Input, stringMember, structureMember } from '../wire/input.ts';
import { invalidValue } from './sqs-error.ts';

export type MessageAttribute = { DataType: string; StringValue?: string; BinaryValue?: string };
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

/** sqs-message-metadata.html: at most ten attributes, names of at most 256 characters. */
const MAX_ATTRIBUTES = 10;
const NAME = /^(?!aws\.|amazon\.)(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$/i;
const DATA_TYPE = /^(String|Number|Binary)(\..{1,256})?$/;

/** The attributes of a send; BinaryValue stays base64, as on the wire. */
export function readMessageAttributes(input: Input): MessageAttributes {
  const given = structureMember(input, 'MessageAttributes') ?? {};
  const names = Object.keys(given);
  if (names.length > MAX_ATTRIBUTES) {
    throw invalidValue(names.length, 'MessageAttributes', `A message has at most ${MAX_ATTRIBUTES} attributes.`);
  }
  return Object.fromEntries(names.map((name) => [name, readAttribute(given, name)]));
}

function readAttribute(given: Input, name: string): MessageAttribute {
  if (!NAME.test(name)) throw invalidValue(name, 'MessageAttributes', 'This is no name of a message attribute.');
  const attribute = structureMember(given, name) ?? {};
  const dataType = stringMember(attribute, 'DataType') ?? '';
  if (!DATA_TYPE.test(dataType)) {
    const reason = 'The type of message attribute must be String, Number or Binary, with an optional label.';
    throw invalidValue(dataType, name, reason);
  }
  const member = dataType.startsWith('Binary') ? 'BinaryValue' : 'StringValue';
  const value = stringMember(attribute, member);
  if (!value) throw invalidValue('', name, `A message attribute of type ${dataType} must have a ${member}.`);
  if (dataType.startsWith('Number') && !Number.isFinite(Number(value))) {
    throw invalidValue(value, name, "Can't cast the value of message attribute to a number.");
  }
  return { DataType: dataType, [member]: value };
}

/** Bytes that the attributes add to the message's size: names, types and values. */
export function attributeBytes(attributes: MessageAttributes): number {
  let bytes = 0;
  for (const [name, attribute] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType) + valueBytes(attribute).length;
  }
  return bytes;
}

/** MD5 as "Calculating the MD5 message digest for message attributes" says; undefined for none. */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  const update = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const attribute = attributes[name];
    if (!attribute) continue;
    update(Buffer.from(name));
    update(Buffer.from(attribute.DataType));
    hash.update(Buffer.from([attribute.BinaryValue === undefined ? 1 : 2]));
    update(valueBytes(attribute));
  }
  return hash.digest('hex');
}

/** The attributes that a receive asks for: `All`, `.*`, a name, or `prefix.*`. */
export function selectAttributes(attributes: MessageAttributes, wanted: readonly string[]): MessageAttributes {
  const selects = (name: string) =>
    wanted.some(
      (want) =>
        want === 'All' || want === '.*' || want === name || (want.endsWith('.*') && name.startsWith(want.slice(0, -1))),
    );
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => selects(name)));
}

function valueBytes(attribute: MessageAttribute): Buffer {
  return attribute.BinaryValue === undefined
    ? Buffer.from(attribute.StringValue ?? '')
    : Buffer.from(attribute.BinaryValue, 'base64');
}
