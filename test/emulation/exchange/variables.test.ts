// Tests the variables that put services elsewhere: how each is read, and how a start refuses those that it cannot
// honour.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkExchanges } from '../../../emulation/compose/own-or-foreign.ts';
import {
  type Exchanges,
  exchangeVariables,
  readExchanges,
  unusedVariables,
} from '../../../emulation/exchange/exchange.ts';
import { checkPlaces, notePlaces } from '../../../emulation/exchange/kept-place.ts';
import type { DeployedResource, ResourceSet } from '../../../emulation/template/resource-set.ts';
import { openDataFolder } from '../../../machine/data-folder.ts';
import { givenTemporaryFolder } from '../../machine/temporary-folder.ts';

const folder = givenTemporaryFolder();
const url = 'http://127.0.0.1:4566';
const at = (endpoint: string) => readExchanges({ AWS_ENDPOINT_URL_S3: endpoint });

describe('the variables of services', () => {
  it('name places, with the keys, region and account of the user', () => {
    const user = {
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'token',
      AWS_REGION: 'eu-west-1',
      AWS_ACCOUNT_ID: '123456789012',
    };
    for (const [name, { variable }] of Object.entries(exchangeVariables)) {
      const dynamo = { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:8000' };
      const exchanges = readExchanges({ ...user, ...dynamo, [variable]: `${url}/` });
      expect(exchanges[name as keyof Exchanges]).toEqual({
        variable,
        endpoint: url,
        region: 'eu-west-1',
        credentials: { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' },
        accountId: '123456789012',
      });
    }
  });

  it('do not need other variables, and empty ones count as absent', () => {
    const nobody = { accessKeyId: 'local', secretAccessKey: 'local' };
    expect(at(url).s3).toMatchObject({ region: 'us-east-1', credentials: nobody, accountId: undefined });
    expect(readExchanges({ AWS_ENDPOINT_URL_S3: '', AWS_ENDPOINT_URL_SFN: '', PATH: '/bin' })).toEqual({});
  });

  it.each([
    ['AWS_ENDPOINT_URL', /^AWS_ENDPOINT_URL cannot be honoured, because it names every service at once/],
    ['AWS_ENDPOINT_URL_SFN', /because its executions start workers and invoke functions/],
    ['AWS_ENDPOINT_URL_ECS', /because its tasks would run where neither the API nor the files/],
    ['AWS_ENDPOINT_URL_EVENTBRIDGE', /because it would have to take the events of services here/],
    ['AWS_ENDPOINT_URL_LAMBDA', /because the functions run in this process/],
    ['AWS_ENDPOINT_URL_SSM', /because its parameters are the address and the key of the platform/],
    ['AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI', /because the connections that it sends to are open on this machine/],
  ])('%s is refused in one sentence with the reason and the honoured variables', (variable, reason) => {
    const refused = () => readExchanges({ [variable]: url, AWS_ENDPOINT_URL_S3: url });
    expect(refused).toThrow(reason);
    for (const honoured of Object.values(exchangeVariables)) expect(refused).toThrow(honoured.variable);
    expect(refused).toThrow(/^[^\n]*: unset it, or set AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true \([^\n]*\)\.$/);
    expect(readExchanges({ [variable]: url, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' })).toEqual({});
  });

  it('of services that the platform does not use are ignored and listed', () => {
    const others = { AWS_ENDPOINT_URL_STS: url, AWS_ENDPOINT_URL_STEP_FUNCTIONS: url, AWS_ENDPOINT_URL_SNS: '' };
    expect(readExchanges({ ...others, PATH: '/bin' })).toEqual({});
    expect(Object.keys(readExchanges({ ...others, AWS_ENDPOINT_URL_S3: url }))).toEqual(['s3']);
    const named = { ...others, AWS_ENDPOINT_URL_S3: url, AWS_ENDPOINT_URL_SFN: url, AWS_ENDPOINT_URL: url };
    expect(unusedVariables(named)).toEqual(['AWS_ENDPOINT_URL_STS', 'AWS_ENDPOINT_URL_STEP_FUNCTIONS']);
    expect(unusedVariables({ ...named, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'TRUE' })).toEqual([]);
  });

  it('are refused if they do not hold an address, or name streams without tables', () => {
    for (const text of ['localhost:4566', '/tmp', 'ftp://host', 'http://user@host', 'http://host/?x=1']) {
      expect(() => at(text)).toThrow(
        `AWS_ENDPOINT_URL_S3 must be an address like http://127.0.0.1:4566, not "${text}".`,
      );
    }
    expect(() => readExchanges({ AWS_ENDPOINT_URL_DYNAMODB_STREAMS: url })).toThrow(
      /without AWS_ENDPOINT_URL_DYNAMODB/,
    );
  });

  it('are all documented in docs/exchanged-services.md', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'exchanged-services.md'), 'utf8');
    for (const { variable } of Object.values(exchangeVariables)) expect(page).toContain(`\`${variable}\``);
  });
});

describe('a data folder', () => {
  const given = () => openDataFolder(mkdtempSync(join(folder, 'data-')));

  it('remembers the place of its files once they were used there', () => {
    const data = given();
    const bad = at('http://127.0.0.1:1');
    checkPlaces(data, bad);
    checkPlaces(data, at(url));
    notePlaces(data, at(url));
    checkPlaces(data, at(url));
    expect(() => checkPlaces(data, {})).toThrow(
      `The data folder ${data.path} has its files at ${url}, not here: set AWS_ENDPOINT_URL_S3 to that, or choose another folder with --data.`,
    );
    expect(() => checkPlaces(data, bad)).toThrow(`has its files at ${url}, not at http://127.0.0.1:1`);
    data.close();
  });

  it('that holds its own files refuses an S3 elsewhere', () => {
    const data = given();
    writeFileSync(data.file('objects'), '');
    checkPlaces(data, at(url));
    data.noteFirstUser('ada');
    expect(() => checkPlaces(data, at(url))).toThrow(/has its files in itself, not at .*: unset AWS_ENDPOINT_URL_S3/);
    checkPlaces(data, {});
    data.close();
  });
});

describe('a template whose rules wait for events of buckets', () => {
  const withPattern = (EventPattern: unknown): ResourceSet => {
    const rule = { name: 'on-upload', properties: { EventPattern } } as unknown as DeployedResource;
    return { ofType: (type) => (type === 'AWS::Events::Rule' ? [rule] : []), asset: () => undefined };
  };

  it('refuses an S3 elsewhere, because its events do not arrive here', () => {
    for (const pattern of [{ source: ['aws.s3'] }, { 'detail-type': ['Object Created'] }]) {
      expect(() => checkExchanges(at(url), withPattern(pattern))).toThrow(
        /^AWS_ENDPOINT_URL_S3 cannot be honoured, because the rule on-upload needs the events of buckets/,
      );
      checkExchanges({}, withPattern(pattern));
    }
    checkExchanges(at(url), withPattern({ source: ['aws.ecs'] }));
    checkExchanges(at(url), withPattern(undefined));
  });
});
