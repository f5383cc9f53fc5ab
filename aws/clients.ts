// One SDK client of each kind for a process, made when it is first used, with connections that are kept alive.

import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** Node's own agents keep connections alive, as the SDK makes them. */
export function createClients() {
  return {
    dynamo: once(() => createDocumentClient(new DynamoDBClient({ maxAttempts: 1, requestHandler: dynamoTimeouts }))),
    // Checksums are sent only where S3 asks for one: a presigned URL must not require a header that its user does not
    // know.
    s3: once(
      () => new S3Client({ requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' }),
    ),
    // On AWS the queue's URL says where the queue is. AWS_ENDPOINT_URL must be able to override it.
    sqs: once(() => new SQSClient({ useQueueUrlAsEndpoint: false })),
    sfn: once(() => new SFNClient()),
    ecs: once(() => new ECSClient()),
    ssm: once(() => new SSMClient()),
    logs: once(() => new CloudWatchLogsClient()),
  };
}

/** Attributes that are undefined are left out. */
export function createDocumentClient(client: DynamoDBClient): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}

function once<Value>(make: () => Value): () => Value {
  let value: Value | undefined;
  return () => {
    value ??= make();
    return value;
  };
}

/** DynamoDB answers in milliseconds: a silent connection is a dead one. */
const dynamoTimeouts = { connectionTimeout: 3000, requestTimeout: 15_000, throwOnRequestTimeout: true };
