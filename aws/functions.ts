// Lets a function continue in a next invocation of itself before its time is up.

import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { type Environment, required } from './environment.ts';
import { AwsFailure, translated } from './failure.ts';

/** Invokes this function asynchronously: at least once, and not necessarily soon. */
export function createSelfInvoke(environment: Environment): (payload: object) => Promise<void> {
  const client = new LambdaClient();
  return async (payload) => {
    const command = new InvokeCommand({
      FunctionName: required(environment, 'AWS_LAMBDA_FUNCTION_NAME'),
      InvocationType: 'Event',
      Payload: Buffer.from(JSON.stringify(payload)),
    });
    const { StatusCode } = await translated('Invoke', () => client.send(command));
    if (StatusCode !== 202) {
      throw new AwsFailure('Invoke', String(StatusCode), 'the event was not accepted', { transient: true });
    }
  };
}
