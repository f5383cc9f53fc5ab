// One host for people: CloudFront in front of the HTTP API and of the log WebSocket, with a certificate of its own.

import { Aws, CfnOutput, Duration } from 'aws-cdk-lib';
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Distribution,
  Function as EdgeFunction,
  FunctionCode as EdgeFunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HttpVersion,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  OriginSslPolicy,
  PriceClass,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { Construct } from 'constructs';
import { given } from '../../core/given.ts';
import { logPathFunction } from '../constructs/log-path.ts';
import { ProductStack } from '../constructs/product-stack.ts';
import { type SharedParameter, sharedValue } from '../constructs/shared-parameter.ts';
import { type Deployment, physicalName } from '../deployment.ts';
import { logStageName } from './api.ts';

export class EdgeStack extends ProductStack {
  constructor(scope: Construct, deployment: Deployment) {
    super(scope, 'Edge', { deployment, description: 'Espalier: one host for the API and the logs' });
    const passOn = {
      allowedMethods: AllowedMethods.ALLOW_ALL,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
      // dxpy compares Content-Length with the decoded length, so nothing may be compressed on the way.
      compress: false,
    };
    const distribution = new Distribution(this, 'Distribution', {
      comment: physicalName(deployment, 'edge'),
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass: PriceClass.PRICE_CLASS_100,
      defaultBehavior: { origin: this.#origin('httpApiDomain'), ...passOn },
      additionalBehaviors: { '/job-*/getLog/websocket': this.#logBehavior(passOn) },
    });
    new CfnOutput(this, 'Host', {
      description: 'For dx: DX_APISERVER_PROTOCOL=https DX_APISERVER_PORT=443 DX_APISERVER_HOST=',
      value: distribution.distributionDomainName,
    });
  }

  #logBehavior(passOn: Omit<BehaviorOptions, 'origin'>): BehaviorOptions {
    const rewrite = new EdgeFunction(this, 'LogPath', {
      functionName: `${physicalName(this.deployment, 'log-path')}-${Aws.REGION}`,
      comment: 'A WebSocket API does not accept a path: the job moves into the query',
      code: EdgeFunctionCode.fromInline(logPathFunction),
      runtime: FunctionRuntime.JS_2_0,
    });
    return {
      origin: this.#origin('websocketApiDomain', `/${logStageName}`),
      ...passOn,
      functionAssociations: [{ function: rewrite, eventType: FunctionEventType.VIEWER_REQUEST }],
    };
  }

  #origin(domain: SharedParameter, originPath?: string): HttpOrigin {
    return new HttpOrigin(sharedValue(this, this.deployment, domain), {
      protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
      originSslProtocols: [OriginSslPolicy.TLS_V1_2],
      readTimeout: Duration.seconds(readTimeoutSeconds),
      ...given({ originPath }),
    });
  }
}

/** CloudFront's own limit without a quota increase. The API answers within 30 s. */
const readTimeoutSeconds = 60;
