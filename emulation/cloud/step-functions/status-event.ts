// Makes the EventBridge event of a changed execution.
// Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html

import type { Execution } from './execution.ts';
import type { Json, JsonObject } from './json.ts';

/** The event "Step Functions Execution Status Change". Input and output are JSON text, or null if absent. */
export function statusEvent(execution: Execution): object {
  const { arn, name, machineArn, status, startedAt, stoppedAt, output, error, cause } = execution;
  const texts = {
    input: JSON.stringify(execution.input),
    output: output === undefined ? null : JSON.stringify(output),
  };
  const included = Buffer.byteLength(texts.input) + Buffer.byteLength(texts.output ?? '') <= maximumIncludedBytes;
  const shownText = (text: string | null): Json => (included ? text : null);
  const details = (text: string | null): Json => (text === null ? null : { included });
  const detail: JsonObject = {
    executionArn: arn,
    stateMachineArn: machineArn,
    name,
    status,
    startDate: startedAt,
    stopDate: stoppedAt ?? null,
    input: shownText(texts.input),
    inputDetails: details(texts.input),
    output: shownText(texts.output),
    outputDetails: details(texts.output),
    error: error ?? null,
    cause: cause ?? null,
  };
  return {
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    resources: [arn],
    time: `${new Date(stoppedAt ?? startedAt).toISOString().slice(0, 19)}Z`,
    detail,
  };
}

/** Largest input and output together. Larger ones are left out of the event. */
const maximumIncludedBytes = 253_952;
