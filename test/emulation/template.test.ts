// Tests templates and their expressions.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveResources } from '../../emulation/template/resource-set.ts';
import { type CloudAssembly, loadCloudAssembly, type Template } from '../../emulation/template/template.ts';
import { givenTemporaryFolder } from '../machine/temporary-folder.ts';

const folder = givenTemporaryFolder();

function assemblyOf(...templates: Template[]): CloudAssembly {
  return { stacks: templates.map((template, index) => ({ name: `stack${index}`, template })), assets: new Map() };
}

/** The value of an expression, as a parameter of a template. */
function resolved(expression: unknown, rest: Partial<Template> = {}): unknown {
  const { Resources = {}, ...others } = rest;
  const parameter = { Type: 'AWS::SSM::Parameter', Properties: { Name: 'p', Value: expression } };
  const set = resolveResources(assemblyOf({ ...others, Resources: { P: parameter, ...Resources } }));
  return set.ofType('AWS::SSM::Parameter').find(({ name }) => name === 'p')?.properties.Value;
}

const queue = { Q: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'work' } } };

describe('the value of an expression', () => {
  it.each([
    [{ Ref: 'AWS::Region' }, 'us-east-1'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'AWS::AccountId' }]] }, 'a-000000000000'],
    [{ Ref: 'Q' }, 'https://sqs.us-east-1.amazonaws.com/000000000000/work'],
    [{ 'Fn::GetAtt': ['Q', 'Arn'] }, 'arn:aws:sqs:us-east-1:000000000000:work'],
    [{ 'Fn::Sub': '${Q.QueueName}/${AWS::Partition}/${!kept}' }, 'work/aws/${kept}'],
    [{ 'Fn::Sub': ['${x}-${Q.QueueName}', { x: { Ref: 'AWS::Region' } }] }, 'us-east-1-work'],
    [{ 'Fn::Select': [1, { 'Fn::Split': [',', 'a,b,c'] }] }, 'b'],
    [{ 'Fn::If': ['Yes', 'then', 'else'] }, 'then'],
    [{ 'Fn::If': ['No', 'then', { Ref: 'AWS::NoValue' }] }, undefined],
    [{ 'Fn::FindInMap': ['M', 'one', 'two'] }, 3],
  ])('%j is %j', (expression, expected) => {
    const Conditions = { Yes: { 'Fn::Equals': ['1', '1'] }, No: { 'Fn::Not': [{ Condition: 'Yes' }] } };
    const rest = { Resources: queue, Conditions, Mappings: { M: { one: { two: 3 } } } };
    expect(resolved(expression, rest)).toEqual(expected);
  });

  it('can come from another stack through an SSM parameter', () => {
    const giver = {
      Resources: { ...queue, S: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/x', Value: { Ref: 'Q' } } } },
    };
    const taker = {
      Parameters: { In: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/x' } },
      Resources: { R: { Type: 'AWS::Events::Rule', Properties: { Name: { Ref: 'In' } } } },
    };
    const [rule] = resolveResources(assemblyOf(taker, giver)).ofType('AWS::Events::Rule');
    expect(rule?.name).toBe('https://sqs.us-east-1.amazonaws.com/000000000000/work');
  });

  it.each([
    [{ 'Fn::ImportValue': 'x' }, /Fn::ImportValue/],
    [{ Ref: 'Nowhere' }, /Nowhere/],
    [{ 'Fn::GetAtt': ['Q', 'Colour'] }, /no attribute Colour/],
    [{ 'Fn::Select': [7, ['a']] }, /element 7 of 1/],
  ])('%j is refused, and the message names the cause', (expression, message) => {
    expect(() => resolved(expression, { Resources: queue })).toThrow(message);
  });
});

describe('a set of resources', () => {
  it('refuses a type that is neither run nor listed as ignored, and the message names it', () => {
    const template = { Resources: { A: { Type: 'AWS::Kinesis::Stream' }, B: { Type: 'AWS::EC2::VPC' } } };
    expect(() => resolveResources(assemblyOf(template))).toThrow(/holds AWS::Kinesis::Stream, which/);
  });

  it('leaves out a resource whose condition is false', () => {
    const template = {
      Conditions: { No: { 'Fn::Equals': ['a', 'b'] } },
      Resources: { Q: { ...queue.Q, Condition: 'No' } },
    };
    expect(resolveResources(assemblyOf(template)).ofType('AWS::SQS::Queue')).toEqual([]);
  });

  it('gives a resource without a name the same name at each start', () => {
    const template = { Resources: { A: { Type: 'AWS::ApiGatewayV2::Api', Properties: {} } } };
    const [first] = resolveResources(assemblyOf(template)).ofType('AWS::ApiGatewayV2::Api');
    const [second] = resolveResources(assemblyOf(template)).ofType('AWS::ApiGatewayV2::Api');
    expect(first?.name).toMatch(/^[0-9a-f]{10}$/);
    expect(second?.name).toBe(first?.name);
  });
});

describe('a cloud assembly', () => {
  it('is read stack by stack with its assets, and each stack comes after its dependencies', () => {
    mkdirSync(join(folder, 'cdk.out'), { recursive: true });
    const write = (name: string, value: object) => writeFileSync(join(folder, 'cdk.out', name), JSON.stringify(value));
    const stack = (name: string, dependencies: string[]) => ({
      type: 'aws:cloudformation:stack',
      dependencies,
      properties: { templateFile: `${name}.json`, stackName: `app-${name}` },
    });
    const assets = { type: 'cdk:asset-manifest', properties: { file: 'assets.json' } };
    write('manifest.json', {
      artifacts: { late: stack('late', ['early', 'a']), early: stack('early', []), a: assets },
    });
    write('late.json', { Resources: queue });
    write('early.json', {});
    write('assets.json', { files: { abc: { source: { path: 'asset.abc' } } } });
    const assembly = loadCloudAssembly(join(folder, 'cdk.out'));
    expect(assembly.stacks.map(({ name }) => name)).toEqual(['app-early', 'app-late']);
    expect(resolveResources(assembly).asset('abc.zip')).toBe(join(folder, 'cdk.out', 'asset.abc'));
  });

  it('that does not exist is refused, and the message names the path', () => {
    expect(() => loadCloudAssembly(join(folder, 'none'))).toThrow(/none\/manifest.json cannot be read/);
  });
});
