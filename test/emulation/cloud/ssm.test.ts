// Tests SSM parameters: how they are put, read, overwritten and refused.

import { expect, test } from 'vitest';
import { createSsm } from '../../../emulation/cloud/ssm/ssm.ts';

const ssm = createSsm();
const call = async (operation: string, input: Record<string, unknown>) =>
  ssm.api.operations[operation]?.(input, { accessKeyId: 'AKIATEST' });
const get = async (Name: string, WithDecryption = false) =>
  ((await call('GetParameter', { Name, WithDecryption })) as { Parameter: Record<string, unknown> }).Parameter;

test('an existing parameter is replaced only with Overwrite', async () => {
  const input = { Name: '/app/key', Value: 'one', Type: 'String' };
  expect(await call('PutParameter', input)).toMatchObject({ Version: 1 });
  await expect(call('PutParameter', input)).rejects.toMatchObject({ code: 'ParameterAlreadyExists' });
  expect(await call('PutParameter', { ...input, Type: undefined, Value: 'two', Overwrite: true })).toMatchObject({
    Version: 2,
  });
  expect(await get('/app/key')).toMatchObject({
    Name: '/app/key',
    Value: 'two',
    Type: 'String',
    Version: 2,
    ARN: 'arn:aws:ssm:us-east-1:000000000000:parameter/app/key',
  });
  expect(await get('/app/key:2')).toMatchObject({ Selector: ':2' });
  await expect(get('/app/key:1')).rejects.toMatchObject({ code: 'ParameterVersionNotFound' });
});

test('the value of a SecureString is returned only with decryption', async () => {
  await call('PutParameter', { Name: 'secret', Value: 'hidden', Type: 'SecureString' });
  expect((await get('secret', true)).Value).toBe('hidden');
  expect((await get('secret')).Value).not.toContain('hidden');
});

test.each([
  [{ Name: 'a b', Value: 'x', Type: 'String' }, 'ValidationException'],
  [{ Name: 'x', Value: '', Type: 'String' }, 'ValidationException'],
  [{ Name: 'x', Value: 'x' }, 'ValidationException'],
  [{ Name: 'x', Value: 'x'.repeat(4097), Type: 'String' }, 'ValidationException'],
  [{ Name: 'x', Value: 'x', Type: 'Number' }, 'UnsupportedParameterType'],
])('an invalid parameter is refused (case %#)', async (input, code) => {
  await expect(call('PutParameter', input)).rejects.toMatchObject({ code });
  await expect(get('x')).rejects.toMatchObject({ code: 'ParameterNotFound' });
});
