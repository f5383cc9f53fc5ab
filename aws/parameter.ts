// A plain parameter of the deployment, read once by a process.

import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { translated } from './failure.ts';

/** A reader that asks SSM on its first call only. A failure is not remembered. */
export function parameterReader(client: () => SSMClient, name: () => string): () => Promise<string> {
  let value: Promise<string> | undefined;
  return () => {
    value ??= readParameter(client(), name()).catch((error: unknown) => {
      value = undefined;
      throw error;
    });
    return value;
  };
}

async function readParameter(client: SSMClient, name: string): Promise<string> {
  const { Parameter } = await translated('GetParameter', () => client.send(new GetParameterCommand({ Name: name })));
  if (!Parameter?.Value) throw new Error(`The parameter ${name} is empty.`);
  return Parameter.Value;
}
