// Issues access keys, each of which stands for a role of the template, and checks calls against the key's role.

import { randomBytes } from 'node:crypto';
import { given } from '../../core/given.ts';
import { localAccountId } from '../cloud/wire/account.ts';
import { AwsError } from '../cloud/wire/aws-error.ts';
import type { Caller } from '../cloud/wire/control-server.ts';
import type { DeployedResource } from '../template/resource-set.ts';
import { type Access, compilePolicy, type Policy } from './policy.ts';

export type AccessKey = { readonly accessKeyId: string; readonly secretAccessKey: string };

export type Authority = {
  /** The secrets of the keys, which the verifiers of signatures need. Keys live as long as the process. */
  readonly credentials: ReadonlyMap<string, { readonly secretAccessKey: string; readonly roleLogicalId?: string }>;
  /**
   * Issues a key for a role. `session` is the function's name, for messages.
   * @throws Error for a role that the template lacks.
   */
  issueKey(roleArn: string, session: string): AccessKey;
  /** Issues a key that may do everything, for the operator of this machine. */
  issueOperatorKey(): AccessKey;
  /** @throws AwsError AccessDeniedException in AWS's words, unless the key's role allows the action on each resource. */
  authorise(caller: Caller, action: string, resources: readonly string[], context?: Access['context']): void;
  /**
   * Checks what AWS does in a role's name without a key, as event sources and state machines do.
   * @throws as `authorise`
   */
  demand(roleArn: string, access: Access): void;
};

type Principal = { readonly name: string; readonly policy: Policy };

/** @param roles the `AWS::IAM::Role` resources of the template. */
export function createAuthority(roles: readonly DeployedResource[]): Authority {
  const credentials = new Map<string, { secretAccessKey: string; roleLogicalId?: string }>();
  const principals = new Map<string, Principal>();
  const policies = new Map(roles.map((role) => [roleArnOf(role), { name: role.name, policy: policyOf(role) }]));
  const roleWith = (arn: string) => {
    const role = policies.get(arn);
    if (!role) throw new Error(`The template has no role ${arn}`);
    return role;
  };
  const issue = (principal: Principal, roleLogicalId?: string): AccessKey => {
    const key = { accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`, secretAccessKey: randomSecret() };
    credentials.set(key.accessKeyId, {
      secretAccessKey: key.secretAccessKey,
      ...given({ roleLogicalId }),
    });
    principals.set(key.accessKeyId, principal);
    return key;
  };
  return {
    credentials,
    issueKey(roleArn, session) {
      const { name, policy } = roleWith(roleArn);
      const user = `arn:aws:sts::${localAccountId}:assumed-role/${name}/${session}`;
      return issue({ name: user, policy }, roles.find((role) => roleArnOf(role) === roleArn)?.logicalId);
    },
    issueOperatorKey: () => issue({ name: `arn:aws:iam::${localAccountId}:root`, policy: permissivePolicy }),
    authorise({ accessKeyId }, action, resources, context) {
      const principal = principals.get(accessKeyId);
      if (!principal) throw new AwsError('UnrecognizedClientException', `There is no key ${accessKeyId}.`, 403);
      for (const resource of resources) check(principal, { action, resource, ...(context ? { context } : {}) });
    },
    demand: (roleArn, access) => check(roleWith(roleArn), access),
  };
}

function check({ name, policy }: Principal, access: Access): void {
  if (policy.allows(access)) return;
  const { action, resource } = access;
  const text = `User: ${name} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
  throw new AwsError('AccessDeniedException', text);
}

function roleArnOf(role: DeployedResource): string {
  return role.arn ?? role.name;
}

function policyOf(role: DeployedResource): Policy {
  const policies = (role.properties.Policies ?? []) as readonly { PolicyDocument?: unknown }[];
  return compilePolicy(policies.map(({ PolicyDocument }) => PolicyDocument));
}

function randomSecret(): string {
  return randomBytes(30).toString('base64');
}

const permissivePolicy: Policy = { allows: () => true };
