// Lists the IAM actions and tables that a DynamoDB request needs, for the operations that the product calls.

import { arnOf } from '../cloud/wire/account.ts';
import { AwsError } from '../cloud/wire/aws-error.ts';
import type { Access } from './policy.ts';

type Body = Readonly<Record<string, unknown>>;
type Operation = { readonly writes: boolean; accesses(name: string, body: Body): Access[] };

/** Tells whether the operation may add records to streams. */
export function isWrite(operation: string): boolean {
  return find(operation).writes;
}

/**
 * Returns one access for each table and action.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
 * @throws AwsError AccessDeniedException for operations that the product does not use.
 */
export function dynamoAccesses(operation: string, body: Body): Access[] {
  return find(operation).accesses(operation, body);
}

function find(operation: string): Operation {
  const found = Object.hasOwn(dynamoOperations, operation) ? dynamoOperations[operation] : undefined;
  if (found) return found;
  throw new AwsError('AccessDeniedException', `dynamodb:${operation} is not used by the product and not allowed here`);
}

/** The access to one table or index. The action is the operation's name. */
function single(name: string, { TableName, IndexName }: Body): Access[] {
  return [access(name, TableName, IndexName)];
}

function perTable(name: string, { RequestItems = {} }: Body): Access[] {
  return Object.keys(RequestItems as object).map((table) => access(name, table));
}

/** The accesses of a transaction. The member of each element names its action. */
function perElement(_name: string, { TransactItems }: Body): Access[] {
  const elements = Array.isArray(TransactItems) ? (TransactItems as Body[]) : [];
  const all = elements.flatMap((element) =>
    Object.entries(element).map(([member, item]) =>
      access(transactionActions[member] ?? member, (item as Body | undefined)?.TableName),
    ),
  );
  return [...new Map(all.map((one) => [`${one.action} ${one.resource}`, one])).values()];
}

function access(operation: string, table: unknown, index?: unknown): Access {
  const name = String(table ?? '*');
  const arn = name.startsWith('arn:') ? name : arnOf('dynamodb', `table/${name}`);
  return {
    action: `dynamodb:${operation}`,
    resource: typeof index === 'string' ? `${arn}/index/${index}` : arn,
  };
}

const transactionActions: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
};

/** The operations that functions may call. The platform makes tables and reads streams without this check. */
export const dynamoOperations: Readonly<Record<string, Operation>> = {
  GetItem: { writes: false, accesses: single },
  BatchGetItem: { writes: false, accesses: perTable },
  Query: { writes: false, accesses: single },
  PutItem: { writes: true, accesses: single },
  UpdateItem: { writes: true, accesses: single },
  DeleteItem: { writes: true, accesses: single },
  TransactWriteItems: { writes: true, accesses: perElement },
};
