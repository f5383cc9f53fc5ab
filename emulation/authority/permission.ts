// Checks the resource policies of functions (`AWS::Lambda::Permission`): which service may invoke which function, for
// which source. AWS delivers nothing where a permission is missing; here the start is refused.

import { StartRefusal } from '../../machine/start-refusal.ts';
import type { DeployedResource } from '../template/resource-set.ts';

export type Invocation = {
  readonly functionArn: string;
  /** The invoking service, for example `apigateway.amazonaws.com` or `events.amazonaws.com`. */
  readonly service: string;
  readonly sourceArn: string;
};

/** @throws StartRefusal unless a permission of the template allows the invocation. */
export function checkInvocation(permissions: readonly DeployedResource[], invocation: Invocation): void {
  const name = nameOf(invocation.functionArn);
  const allowed = permissions.some(({ properties: { FunctionName, Principal, SourceArn, Action } }) => {
    const sameFunction = nameOf(String(FunctionName)) === name;
    const source = SourceArn === undefined || matchesArn(String(SourceArn), invocation.sourceArn);
    return sameFunction && Action === 'lambda:InvokeFunction' && Principal === invocation.service && source;
  });
  if (allowed) return;
  const { service, sourceArn } = invocation;
  throw new StartRefusal(`No AWS::Lambda::Permission lets ${service} invoke ${name} for ${sourceArn}.`);
}

function nameOf(functionNameOrArn: string): string {
  return functionNameOrArn.split(':').at(-1) ?? '';
}

function matchesArn(pattern: string, arn: string): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${source}$`).test(arn);
}
