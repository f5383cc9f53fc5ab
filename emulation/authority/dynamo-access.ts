// Which IAM actions on which tables a DynamoDB request needs. It knows the shape of requests, not their effect.
import { arnOf } from '../cloud/wire/account.ts';
import { AwsError } from '../cloud/wire/aws-error.ts';
import type { Access } from './policy.ts';

type Body = Readonly<Record<string, unknown>>;

/** Operations that touch one table, or one index of it: the action is the operation's name. */
const SINGLE: ReadonlySet<string> = new Set([
  'GetItem',
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'Query',
  'Scan',
  'DescribeTable',
  'DescribeTimeToLive',
  'UpdateTimeToLive',
  'CreateTable',
]);
/** Members of a transaction's element → the action that it needs. */
const TRANSACTION_ACTIONS: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
  Get: 'GetItem',
};
/** Operations after which streams may have something new. */
const WRITES: ReadonlySet<string> = new Set([
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'BatchWriteItem',
  'TransactWriteItems',
]);

export function isWrite(operation: string): boolean {
  return WRITES.has(operation);
}

/**
 * One access for each table and action; none twice.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
 * @throws AwsError AccessDeniedException for operations that the product does not use.
 */
export function dynamoAccesses(operation: string, body: Body): Access[] {
  if (SINGLE.has(operation)) return [access(operation, body.TableName, body.IndexName)];
  if (operation === 'BatchGetItem' || operation === 'BatchWriteItem') {
    return Object.keys((body.RequestItems ?? {}) as object).map((table) => access(operation, table));
  }
  if (operation === 'TransactWriteItems' || operation === 'TransactGetItems') {
    const elements = Array.isArray(body.TransactItems) ? (body.TransactItems as Body[]) : [];
    const all = elements.flatMap((element) =>
      Object.entries(element).map(([member, item]) =>
        access(TRANSACTION_ACTIONS[member] ?? member, (item as Body | undefined)?.TableName),
      ),
    );
    return [...new Map(all.map((one) => [`${one.action} ${one.resource}`, one])).values()];
  }
  throw new AwsError('AccessDeniedException', `dynamodb:${operation} is not used by the product and not allowed here`);
}

function access(operation: string, table: unknown, index?: unknown): Access {
  const name = String(table ?? '*');
  const arn = name.startsWith('arn:') ? name : arnOf('dynamodb', `table/${name}`);
  return {
    action: `dynamodb:${operation}`,
    resource: typeof index === 'string' ? `${arn}/index/${index}` : arn,
  };
}
