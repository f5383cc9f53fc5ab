// Adds users, issues tokens and finds held jobs for the operator of this machine, by a function that is not in the
// template. Only the owner of the data folder can reach it.

import type { AnswerTo, OperatorAnswer, OperatorRequest } from '../../core/operator/request.ts';
import type { Operator } from '../../machine/platform.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import type { Authority } from '../authority/authority.ts';
import type { Lambda } from '../cloud/lambda/lambda.ts';
import type { ResourceSet } from '../template/resource-set.ts';
import { type EndpointVariables, functionEnvironment, variablesOf } from './function.ts';

export type OperatorOptions = {
  readonly lambda: Lambda;
  readonly resources: ResourceSet;
  readonly authority: Authority;
  readonly endpoints: EndpointVariables;
  /** The module of the function. */
  readonly file: string;
};

export function createOperator({ lambda, resources, authority, endpoints, file }: OperatorOptions): Operator {
  // It gets the variables of all functions, because it uses the same tables and buckets.
  const variables = Object.assign({}, ...resources.ofType('AWS::Lambda::Function').map(variablesOf));
  lambda.createFunction({
    name: operatorName,
    file,
    handler: 'handler',
    timeoutMs: operatorTimeoutMs,
    memoryMb: operatorMemoryMb,
    environment: functionEnvironment(variables, authority.issueOperatorKey(), endpoints),
    logGroup: `/local/${operatorName}`,
  });
  return {
    async ask<Request extends OperatorRequest>(request: Request) {
      const result = await lambda.invoke(operatorName, JSON.stringify(request));
      if ('error' in result) throw new Error(`The operator's function failed: ${JSON.stringify(result.error)}`);
      const answer = JSON.parse(result.payload) as OperatorAnswer;
      if ('refusal' in answer) throw new StartRefusal(answer.refusal);
      return answer as AnswerTo<Request>;
    },
  };
}

const operatorName = 'operator';
const operatorTimeoutMs = 30_000;
const operatorMemoryMb = 256;
