// Values derived under the deployment's key. The first process that needs the key makes it. It is kept as a
// SecureString, and each process holds it in memory only.

import { createHmac, randomBytes } from 'node:crypto';
import { GetParameterCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { Seals } from '../core/context.ts';
import { unlessRefused } from './failure.ts';

export function createSeals(client: () => SSMClient, parameterName: () => string): Seals {
  let key: Promise<string> | undefined;
  const loadKey = () => {
    key ??= loadOrMakeKey(client(), parameterName()).catch((error: unknown) => {
      // A failed attempt is not remembered: the next call tries again.
      key = undefined;
      throw error;
    });
    return key;
  };
  return {
    async seal(purpose, text) {
      return createHmac('sha256', await loadKey())
        .update(`${purpose}\n${text}`)
        .digest('hex');
    },
  };
}

async function loadOrMakeKey(client: SSMClient, name: string): Promise<string> {
  const known = await loadKey(client, name);
  if (known !== undefined) return known;
  const command = new PutParameterCommand({
    Name: name,
    Type: 'SecureString',
    Value: randomBytes(keyBytes).toString('hex'),
    Overwrite: false,
    Description: 'Espalier: the key that seals boot nonces and download links. Deleting it invalidates those in use.',
  });
  // Another process may have been first. Its key is then the key.
  await unlessRefused('PutParameter', ['ParameterAlreadyExists'], () => client.send(command));
  const made = await loadKey(client, name);
  if (made === undefined) throw new Error(`The parameter ${name} was written but cannot be read.`);
  return made;
}

async function loadKey(client: SSMClient, name: string): Promise<string | undefined> {
  const command = new GetParameterCommand({ Name: name, WithDecryption: true });
  const answer = await unlessRefused('GetParameter', ['ParameterNotFound'], () => client.send(command));
  return answer?.Parameter?.Value;
}

const keyBytes = 32;
