// Tests policies, access keys and permissions to invoke.

import { describe, expect, it } from 'vitest';
import { createAuthority } from '../../emulation/authority/authority.ts';
import { dynamoAccesses } from '../../emulation/authority/dynamo-access.ts';
import { checkInvocation } from '../../emulation/authority/permission.ts';
import { compilePolicy } from '../../emulation/authority/policy.ts';

const allow = (Action: unknown, Resource: unknown, rest: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...rest,
});
const policyOf = (...Statement: object[]) => compilePolicy([{ Statement }]);

describe('a policy', () => {
  it.each([
    ['the action and resource it names', allow('s3:GetObject', 'arn:b/k'), 's3:GetObject', 'arn:b/k', true],
    ['actions whatever their case', allow('S3:getobject', '*'), 's3:GetObject', 'arn:b', true],
    ['only the named action', allow('s3:GetObject', '*'), 's3:PutObject', 'arn:b/k', false],
    ['only resources that match its pattern', allow('s3:*', 'arn:b/w/*'), 's3:GetObject', 'arn:b/meta/k', false],
    ['a wildcard over slashes', allow('s3:*', 'arn:b/*'), 's3:GetObject', 'arn:b/x/y', true],
    ['exactly one character for a question mark', allow('s3:*', 'arn:?'), 's3:GetObject', 'arn:bb', false],
    ['only a dot for a dot', allow('s3:*', 'a.b'), 's3:GetObject', 'axb', false],
    [
      'every action except those of NotAction',
      { Effect: 'Allow', NotAction: 's3:Get*', Resource: '*' },
      's3:GetObject',
      'x',
      false,
    ],
  ])('allows %s', (_what, statement, action, resource, expected) => {
    expect(policyOf(statement).allows({ action, resource })).toBe(expected);
  });

  it('refuses an action that one statement denies, whatever others allow', () => {
    const policy = policyOf(allow('*', '*'), { Effect: 'Deny', Action: 's3:Delete*', Resource: '*' });
    expect(policy.allows({ action: 's3:DeleteObject', resource: 'x' })).toBe(false);
    expect(policy.allows({ action: 's3:GetObject', resource: 'x' })).toBe(true);
  });

  it.each([
    [{ ArnEquals: { 'ecs:cluster': 'c1' } }, ['c1'], true],
    [{ ArnEquals: { 'ecs:cluster': 'c1' } }, ['c2'], false],
    [{ StringEquals: { 'ecs:cluster': 'c1' } }, undefined, false],
    [{ StringNotEquals: { 'ecs:cluster': 'c1' } }, undefined, true],
    [{ StringLikeIfExists: { 'ecs:Cluster': 'c*' } }, undefined, true],
    [{ 'ForAllValues:StringLike': { 'ecs:cluster': ['a*', 'b*'] } }, ['a1', 'b1'], true],
    [{ 'ForAllValues:StringLike': { 'ecs:cluster': ['a*'] } }, ['a1', 'b1'], false],
    [{ Null: { 'ecs:cluster': 'true' } }, ['c1'], false],
  ])('under %j with %j is %s', (Condition, values, expected) => {
    const context = values ? { 'ecs:cluster': values } : {};
    expect(policyOf(allow('*', '*', { Condition })).allows({ action: 'a:b', resource: 'r', context })).toBe(expected);
  });

  it('with an unknown condition is refused instead of ignored', () => {
    expect(() => policyOf(allow('*', '*', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }))).toThrow(
      /IpAddress/,
    );
  });
});

describe('an access key', () => {
  const role = {
    type: 'AWS::IAM::Role',
    stack: 's',
    logicalId: 'Role',
    name: 'reader',
    arn: 'arn:aws:iam::000000000000:role/reader',
    properties: { Policies: [{ PolicyDocument: { Statement: [allow('dynamodb:GetItem', '*:table/a')] } }] },
  };

  it('may do what its role allows, and is refused otherwise in the words of AWS', () => {
    const authority = createAuthority([role]);
    const { accessKeyId } = authority.issueKey(role.arn, 'my-function');
    const table = (name: string) => [`arn:aws:dynamodb:us-east-1:000000000000:table/${name}`];
    authority.authorise({ accessKeyId }, 'dynamodb:GetItem', table('a'));
    expect(() => authority.authorise({ accessKeyId }, 'dynamodb:GetItem', [...table('a'), ...table('b')])).toThrow(
      'User: arn:aws:sts::000000000000:assumed-role/reader/my-function is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table/b because no identity-based policy allows the dynamodb:GetItem action',
    );
  });

  it('of the operator may do everything, and an unknown key may do nothing', () => {
    const authority = createAuthority([role]);
    authority.authorise(authority.issueOperatorKey(), 'dynamodb:DeleteTable', ['arn:x']);
    expect(() => authority.authorise({ accessKeyId: 'AKIANONE' }, 'a:b', ['x'])).toThrow(/no key AKIANONE/);
  });
});

describe('the permission of a DynamoDB request', () => {
  const needs = (operation: string, body: object) =>
    dynamoAccesses(operation, body as never).map(({ action, resource }) => `${action} ${resource.split(':table/')[1]}`);

  it.each([
    ['GetItem', { TableName: 't' }, ['dynamodb:GetItem t']],
    ['Query', { TableName: 't', IndexName: 'open' }, ['dynamodb:Query t/index/open']],
    ['BatchGetItem', { RequestItems: { a: {}, b: {} } }, ['dynamodb:BatchGetItem a', 'dynamodb:BatchGetItem b']],
    [
      'TransactWriteItems',
      {
        TransactItems: [
          { Put: { TableName: 'a' } },
          { Put: { TableName: 'a' } },
          { ConditionCheck: { TableName: 'b' } },
        ],
      },
      ['dynamodb:PutItem a', 'dynamodb:ConditionCheckItem b'],
    ],
  ])('is derived from its operation and tables: %s %j', (operation, body, expected) =>
    expect(needs(operation, body)).toEqual(expected),
  );

  it('is refused for operations that the product does not use', () => {
    expect(() => needs('DeleteTable', { TableName: 't' })).toThrow(/DeleteTable is not used/);
  });
});

describe('a permission to invoke', () => {
  const permission = (SourceArn: string) => ({
    type: 'AWS::Lambda::Permission',
    stack: 's',
    logicalId: 'P',
    name: 'p',
    arn: undefined,
    properties: { Action: 'lambda:InvokeFunction', FunctionName: 'f', Principal: 'events.amazonaws.com', SourceArn },
  });
  const invocation = {
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    service: 'events.amazonaws.com',
    sourceArn: 'arn:rule/a',
  };

  it('must name the source of the invocation', () => {
    expect(() => checkInvocation([permission('arn:rule/*')], invocation)).not.toThrow();
    expect(() => checkInvocation([permission('arn:rule/b')], invocation)).toThrow(/lets events.amazonaws.com invoke f/);
  });
});
