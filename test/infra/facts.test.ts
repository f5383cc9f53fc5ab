// The facts of the templates that must not change by accident.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { beforeAll, describe, expect, test } from 'vitest';
import { openIndex, tables } from '../../aws/dynamo/tables.ts';
import { variableNames } from '../../aws/environment.ts';
import { logPathFunction } from '../../infra/constructs/log-path.ts';
import { deploymentOf } from '../../infra/deployment.ts';
import { givenPlatform, givenTemplates, readable, resourcesOf, type StackTemplate } from './platform.ts';

let templates: Record<string, StackTemplate>;
let prod: Record<string, StackTemplate>;
beforeAll(() => {
  templates = givenTemplates('dev');
  prod = givenTemplates('prod');
});
const of = (...types: string[]) => resourcesOf(templates, ...types);
const root = join(import.meta.dirname, '../..');

describe('stacks', () => {
  test("the CDK's own check of the templates finds neither errors nor warnings", () => {
    expect(() => givenPlatform().app.synth()).not.toThrow();
  });

  test('none of the stacks exports, imports, or has a resource of the CDK’s own', () => {
    for (const { Outputs = {} } of Object.values(templates)) {
      for (const output of Object.values(Outputs)) expect(output.Export).toBeUndefined();
    }
    expect(JSON.stringify(templates)).not.toContain('Fn::ImportValue');
    expect(JSON.stringify(templates)).not.toContain('Fn::GetStackOutput');
    const types = Object.values(templates).flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type));
    expect(types.filter((type) => type.startsWith('Custom::') || type.includes('CustomResource'))).toEqual([]);
  });

  test('a stack never depends on itself, by any path', () => {
    const { stacks } = givenPlatform();
    for (const stack of stacks) {
      const reached = new Set(stack.dependencies);
      for (const other of reached) for (const next of other.dependencies) reached.add(next);
      expect(reached.has(stack)).toBe(false);
    }
  });

  test('a resource never depends on itself, by any path', () => {
    for (const { Resources } of Object.values(templates)) {
      const edges = new Map(Object.entries(Resources).map(([id, resource]) => [id, referencesIn(resource, Resources)]));
      for (const id of edges.keys()) {
        const reached = new Set(edges.get(id));
        for (const other of reached) for (const next of edges.get(other) ?? []) reached.add(next);
        expect(reached.has(id), id).toBe(false);
      }
    }
  });

  test('every parameter that is read is declared, once, by another stack', () => {
    const declared = of('AWS::SSM::Parameter').map(({ properties }) => properties.Name);
    expect(new Set(declared).size).toBe(declared.length);
    const text = JSON.stringify(templates);
    const read = [...text.matchAll(/"Type":"AWS::SSM::Parameter::Value<String>","Default":"([^"]+)"/g)].map(
      ([, name]) => name,
    );
    expect(read.length).toBeGreaterThan(5);
    for (const name of read) expect(declared).toContain(name);
  });

  test.each(['Dev', '1', 'a-b', '', 'averyveryverylongstage'])('"%s" is refused as a stage', (stage) => {
    expect(() => deploymentOf(stage)).toThrow('stage');
  });

  test('the stage local notices silence in seconds', () => {
    const leases = resourcesOf(givenTemplates('local'), 'AWS::Lambda::Function').flatMap(({ properties }) => {
      const { Variables } = properties.Environment as { Variables: Record<string, string> };
      return Variables.LEASE_SECONDS ?? [];
    });
    expect(new Set(leases)).toEqual(new Set(['20']));
  });
});

describe('data', () => {
  test('tables are those of tables.ts: on demand, restorable, one sparse index of keys', () => {
    const found = of('AWS::DynamoDB::Table').map(({ properties }) => properties);
    expect(found).toHaveLength(Object.keys(tables).length);
    for (const { suffix, stream, ttl, index } of Object.values(tables)) {
      const table = found.find(({ TableName }) => TableName === `espalier-dev-${suffix}`);
      expect(table).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      });
      expect(table?.StreamSpecification).toEqual(stream ? { StreamViewType: 'NEW_AND_OLD_IMAGES' } : undefined);
      expect(table?.TimeToLiveSpecification).toEqual(ttl && { AttributeName: ttl, Enabled: true });
      expect(table?.GlobalSecondaryIndexes).toEqual(
        index && [
          {
            IndexName: openIndex.name,
            KeySchema: [
              { AttributeName: openIndex.partitionKey, KeyType: 'HASH' },
              { AttributeName: openIndex.sortKey, KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
      );
    }
  });

  test('on the stage prod data outlives its stack', () => {
    for (const { resource, properties } of resourcesOf(prod, 'AWS::DynamoDB::Table')) {
      expect([resource.DeletionPolicy, properties.DeletionProtectionEnabled]).toEqual(['Retain', true]);
    }
    for (const { resource } of resourcesOf(prod, 'AWS::S3::Bucket')) expect(resource.DeletionPolicy).toBe('Retain');
  });

  test('buckets are closed to the public and to plain HTTP', () => {
    const buckets = of('AWS::S3::Bucket');
    expect(buckets.map(({ id }) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['AccessLogs', 'Content', 'Inbox']);
    for (const { id, properties } of buckets) {
      expect(Object.values(properties.PublicAccessBlockConfiguration as object)).toEqual([true, true, true, true]);
      expect(JSON.stringify(properties.BucketEncryption)).toContain('AES256');
      const policy = of('AWS::S3::BucketPolicy').find((one) => readable(one.properties.Bucket) === id);
      const text = JSON.stringify(policy?.properties.PolicyDocument);
      expect(text).toContain('"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny"');
      expect(text).toContain('"Condition":{"NumericLessThan":{"s3:TlsVersion":1.2}},"Effect":"Deny"');
      expect(text).not.toContain('"Effect":"Allow","Principal":{"AWS":"*"}');
    }
  });

  test('completed content never expires, unfinished uploads do, and the inbox sends events to EventBridge', () => {
    const [content, inbox] = ['Content', 'Inbox'].map((name) =>
      of('AWS::S3::Bucket').find(({ id }) => id.startsWith(name)),
    );
    expect(content?.properties.LifecycleConfiguration).toEqual({
      Rules: [
        { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 }, Id: 'AbortIncompleteUploads', Status: 'Enabled' },
      ],
    });
    expect(inbox?.properties.NotificationConfiguration).toEqual({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
    });
  });
});

describe('workers', () => {
  const definitions = () =>
    new Map(of('AWS::ECS::TaskDefinition').map(({ properties }) => [properties.Family, properties]));

  test('a task does not have a role, except the one of workers that a user may have to enter', () => {
    expect([...definitions().keys()].sort()).toEqual(['espalier-dev-worker', 'espalier-dev-worker-debug']);
    expect(definitions().get('espalier-dev-worker')).not.toHaveProperty('TaskRoleArn');
    expect(definitions().get('espalier-dev-worker-debug')).toHaveProperty('TaskRoleArn');
  });

  test('both kinds of tasks are the same otherwise, and their containers do not have a secret', () => {
    const [plain, debug] = [...definitions().values()].map(({ Family: _family, TaskRoleArn: _role, ...rest }) => rest);
    expect(debug).toEqual(plain);
    expect(plain?.ContainerDefinitions).toMatchObject([
      { Name: 'worker', LogConfiguration: { LogDriver: 'awslogs' }, StopTimeout: 120 },
    ]);
    expect(JSON.stringify(plain?.ContainerDefinitions)).not.toMatch(/Secrets|Privileged/);
  });

  test('the role of a task that can be entered opens the channels of its session, and allows nothing else', () => {
    const role = of('AWS::IAM::Role').find(({ id }) => id.startsWith('DebugRole'))?.properties;
    expect(role).not.toHaveProperty('ManagedPolicyArns');
    expect(of('AWS::IAM::Policy')).toEqual([]);
    const policies = (role?.Policies ?? []) as readonly { readonly PolicyDocument: { readonly Statement: unknown } }[];
    expect(policies.map((one) => one.PolicyDocument.Statement)).toEqual([
      [
        {
          Effect: 'Allow',
          Action: ['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel'].map(
            (action) => `ssmmessages:${action}`,
          ),
          Resource: '*',
        },
      ],
    ]);
    expect(of('AWS::ECS::Cluster')[0]?.properties.Configuration).toEqual({
      ExecuteCommandConfiguration: { Logging: 'NONE' },
    });
  });

  test('the network has neither NAT nor interface endpoints, and lets nothing in', () => {
    expect(of('AWS::EC2::NatGateway')).toEqual([]);
    expect(of('AWS::EC2::VPCEndpoint').map(({ properties }) => properties.VpcEndpointType)).toEqual(['Gateway']);
    expect(of('AWS::EC2::SecurityGroupIngress')).toEqual([]);
    for (const { properties } of of('AWS::EC2::SecurityGroup')) {
      expect(properties).not.toHaveProperty('SecurityGroupIngress');
    }
  });
});

describe('triggers', () => {
  const seconds = (id: string) =>
    of('AWS::Lambda::Function').find((one) => one.id.startsWith(id))?.properties.Timeout as number;

  test.each([
    ['espalier-dev-runnable', 'Dispatch'],
    ['espalier-dev-work', 'CleanUp'],
  ])('%s hides a message long enough for %s, and ends with dead letters', (name, consumer) => {
    const queue = of('AWS::SQS::Queue').find(({ properties }) => properties.QueueName === name)?.properties;
    expect(queue?.VisibilityTimeout).toBeGreaterThanOrEqual(6 * seconds(consumer));
    expect(queue?.RedrivePolicy).toMatchObject({ maxReceiveCount: 10 });
  });

  test('queues are read with limited concurrency and answered message by message', () => {
    const mappings = of('AWS::Lambda::EventSourceMapping').filter(({ properties }) => properties.ScalingConfig);
    expect(mappings.map(({ id, properties }) => [id.slice(0, 12), properties.ScalingConfig])).toEqual([
      ['RunnableMess', { MaximumConcurrency: 5 }],
      ['WorkMessages', { MaximumConcurrency: 10 }],
    ]);
    for (const { properties } of mappings) {
      expect(properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
    }
  });

  test('streams are filtered on the new image, and a batch blocks a shard only briefly', () => {
    const mappings = of('AWS::Lambda::EventSourceMapping').filter(({ properties }) => !properties.ScalingConfig);
    expect(mappings).toHaveLength(2);
    for (const { properties } of mappings) {
      expect(properties).toMatchObject({
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        MaximumRetryAttempts: 2,
        MaximumRecordAgeInSeconds: 3600,
        DestinationConfig: { OnFailure: {} },
      });
      const { Filters } = properties.FilterCriteria as { Filters: { Pattern: string }[] };
      const pattern = JSON.parse(Filters[0]?.Pattern ?? '');
      expect(pattern.eventName).toEqual(['INSERT', 'MODIFY']);
      expect(pattern.dynamodb.NewImage.sk).toEqual({ S: ['A'] });
      // A heartbeat changes the row of a running job and has no consequences.
      expect(pattern.dynamodb.NewImage.state.S).not.toContain('running');
    }
  });

  test('the sweep looks each minute, and at once where a task or an execution ended badly', () => {
    const rules = of('AWS::Events::Rule').map(({ properties }) => properties);
    expect(rules.map(({ Name }) => Name)).toEqual([
      'espalier-dev-sweep',
      'espalier-dev-task-stopped',
      'espalier-dev-execution-closed',
    ]);
    expect(rules[0]?.ScheduleExpression).toBe('rate(1 minute)');
    for (const { Targets } of rules) expect(Targets).toMatchObject([{ RetryPolicy: {}, DeadLetterConfig: {} }]);
  });

  test('the HTTP API has exactly these routes', () => {
    const routes = of('AWS::ApiGatewayV2::Route').map(({ properties }) => properties.RouteKey);
    expect(routes.sort()).toEqual(
      [
        '$default',
        'POST /job/new',
        'POST /system/newAuthToken',
        'POST /{subject}/run',
        'POST /{subject}/{alias}/run',
        'POST /_worker/{op}',
        '$connect',
        '$default',
        '$disconnect',
      ].sort(),
    );
  });

  test('passwords can be tried ten times a second, all callers together, and the route exists before its limit', () => {
    const [stage] = of('AWS::ApiGatewayV2::Stage').filter(({ properties }) => properties.StageName === '$default');
    expect(stage?.properties.RouteSettings).toEqual({
      'POST /system/newAuthToken': { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 },
    });
    const routes = of('AWS::ApiGatewayV2::Route');
    const login = routes.find(({ properties }) => properties.RouteKey === 'POST /system/newAuthToken');
    const whole = Object.values(templates).flatMap(({ Resources }) => Object.entries(Resources));
    const [, resource] = whole.find(([id]) => id === stage?.id) ?? [];
    expect([resource?.DependsOn ?? []].flat()).toContain(login?.id);
  });

  test('every function runs as it was bundled, on one runtime, with a log that expires', () => {
    const functions = of('AWS::Lambda::Function');
    expect(functions).toHaveLength(10);
    for (const { properties } of functions) {
      const { Variables } = properties.Environment as { Variables: object };
      const read: string[] = [...variableNames, 'NODE_OPTIONS'];
      expect(Object.keys(Variables).filter((name) => !read.includes(name))).toEqual([]);
      expect(properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler' });
    }
    for (const { properties } of of('AWS::Logs::LogGroup')) expect(properties.RetentionInDays).toBeGreaterThan(0);
  });
});

describe('the edge', () => {
  const rewrite = (uri: string) =>
    new Script(`${logPathFunction}; handler(event)`).runInNewContext({
      event: { request: { uri, querystring: { a: 1 } } },
    });
  const job = 'job-0123456789BFGJKPQVXYZbfg';

  test('moves the job of a log request into the query', () => {
    expect(rewrite(`/${job}/getLog/websocket`)).toMatchObject({ uri: '/', querystring: { job: { value: job } } });
  });

  test.each(['/job-x/getLog/websocket', `/${job}/getLog/websocket/more`, `/${job}/a/getLog/websocket`])(
    'refuses %s',
    (uri) => {
      expect(rewrite(uri)).toMatchObject({ statusCode: 404 });
    },
  );
});

describe('alarms', () => {
  test('on the age of a message ignore a message that was held back on purpose and then received and returned once', () => {
    const seconds = new Map(
      of('AWS::SQS::Queue').map(({ properties }) => [
        String(properties.QueueName),
        Number(properties.VisibilityTimeout),
      ]),
    );
    const longestDelaySeconds = 900;
    const ages = of('AWS::CloudWatch::Alarm')
      .map(({ properties }) => properties)
      .filter(({ MetricName }) => MetricName === 'ApproximateAgeOfOldestMessage');
    expect(ages).toHaveLength(2);
    for (const { Threshold, Dimensions } of ages) {
      const [{ Value: queue }] = Dimensions as [{ Value: string }];
      expect(Threshold, queue).toBeGreaterThan(longestDelaySeconds + (seconds.get(queue) ?? Number.NaN));
    }
  });

  test('each names a severity and a heading of the runbook, and each heading has an alarm', () => {
    const runbook = readFileSync(join(root, 'docs/operator-runbook.md'), 'utf8');
    const headings = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
    const alarms = of('AWS::CloudWatch::Alarm').map(({ properties }) => properties);
    const named = alarms.map(({ AlarmName, AlarmDescription }) => {
      const match = /^\[(critical|warning)\] (.+)\. What to do: docs\/operator-runbook\.md#([a-z-]+)$/.exec(
        String(AlarmDescription),
      );
      expect(match, String(AlarmDescription)).not.toBeNull();
      const [, severity, heading = '', anchor] = match ?? [];
      expect(anchor).toBe(heading.toLowerCase().replaceAll(' ', '-'));
      const short = String(AlarmName).replace('espalier-dev-', '');
      expect(runbook, `${short} (${severity}) in the runbook`).toContain(`\`${short}\``);
      return heading;
    });
    expect(new Set(named)).toEqual(new Set(headings));
    for (const { AlarmActions } of alarms) expect(AlarmActions).toHaveLength(1);
  });
});

/** Logical ids that a resource names, by Ref, GetAtt, Sub or DependsOn. */
function referencesIn(resource: Record<string, unknown>, resources: object): string[] {
  const text = JSON.stringify(resource);
  const dependsOn = [resource.DependsOn ?? []].flat();
  return Object.keys(resources).filter(
    (id) =>
      dependsOn.includes(id) ||
      [`{"Ref":"${id}"}`, `{"Fn::GetAtt":["${id}"`, `\${${id}}`, `\${${id}.`].some((form) => text.includes(form)),
  );
}
