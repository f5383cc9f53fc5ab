// The data that must not be lost: tables, content, inbox. Other stacks name these resources only by their physical
// names.

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type CfnBucket,
  HttpMethods,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { openIndex, tables } from '../../aws/dynamo/tables.ts';
import type { TableName } from '../../core/context.ts';
import { given } from '../../core/given.ts';
import { incompleteUploadDays } from '../../core/object/part.ts';
import { ProductStack } from '../constructs/product-stack.ts';
import { shareValue } from '../constructs/shared-parameter.ts';
import { bucketName, type Deployment, physicalName } from '../deployment.ts';

export class DataStack extends ProductStack {
  constructor(scope: Construct, deployment: Deployment) {
    super(scope, 'Data', { deployment, description: 'Espalier: tables and buckets' });
    for (const name of Object.keys(tables) as TableName[]) {
      const table = this.#table(name);
      if (name === 'executions') shareValue(this, deployment, 'executionsStream', table.tableStreamArn ?? '');
      if (name === 'objects') shareValue(this, deployment, 'objectsStream', table.tableStreamArn ?? '');
    }
    const accessLogs = this.#bucket('AccessLogs', 'access-logs', {
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ id: 'ExpireAccessLogs', expiration: Duration.days(accessLogDays) }],
    }) as IBucket;
    this.#contentBucket(accessLogs);
    this.#inboxBucket(accessLogs);
  }

  #table(name: TableName): Table {
    const { suffix, stream, ttl, index } = tables[name];
    const table = new Table(this, `Table-${name}`, {
      tableName: physicalName(this.deployment, suffix),
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: recoveryDays },
      deletionProtection: this.deployment.retained,
      removalPolicy: this.deployment.retained ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      ...given({ stream: stream ? StreamViewType.NEW_AND_OLD_IMAGES : undefined, timeToLiveAttribute: ttl }),
    });
    if (index !== undefined) {
      table.addGlobalSecondaryIndex({
        indexName: openIndex.name,
        partitionKey: { name: openIndex.partitionKey, type: AttributeType.NUMBER },
        sortKey: { name: openIndex.sortKey, type: AttributeType.NUMBER },
        projectionType: ProjectionType.KEYS_ONLY,
      });
    }
    return table;
  }

  /**
   * Bytes of files, under the prefix of the container in which they were born. Completed objects never expire by a
   * rule.
   */
  #contentBucket(accessLogs: IBucket): void {
    this.#bucket('Content', 'content', {
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: 'content/',
      lifecycleRules: [
        { id: 'AbortIncompleteUploads', abortIncompleteMultipartUploadAfter: Duration.days(incompleteUploadDays) },
      ],
      // A browser uploads and downloads by presigned URLs. The URL is the permission, whatever the page's origin.
      cors: [
        {
          allowedOrigins: ['*'],
          allowedMethods: [HttpMethods.GET, HttpMethods.HEAD, HttpMethods.PUT],
          allowedHeaders: ['*'],
          exposedHeaders: ['ETag', 'Content-Range', 'Content-Length'],
          maxAge: 3600,
        },
      ],
    });
  }

  /**
   * Files in this bucket will start executables. The bucket sends events to EventBridge; the rule and its function are
   * not built yet.
   */
  #inboxBucket(accessLogs: IBucket): void {
    const inbox = this.#bucket('Inbox', 'inbox', {
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: 'inbox/',
      lifecycleRules: [
        { id: 'AbortIncompleteUploads', abortIncompleteMultipartUploadAfter: Duration.days(incompleteUploadDays) },
      ],
    });
    // `eventBridgeEnabled` would deploy a function of the CDK's own to set one attribute.
    (inbox.node.defaultChild as CfnBucket).addPropertyOverride(
      'NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled',
      true,
    );
  }

  #bucket(id: string, thing: string, props: BucketProps): Bucket {
    return new Bucket(this, id, {
      bucketName: bucketName(this.deployment, thing),
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: this.deployment.retained ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      ...props,
    });
  }
}

const accessLogDays = 90;
/** The time through which a table can be restored. */
const recoveryDays = 35;
