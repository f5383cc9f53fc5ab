// The stack that all others extend: names, tags, and a synthesizer whose template does not depend on an account.

import { DefaultStackSynthesizer, type IStackSynthesizer, Stack, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type Deployment, physicalName } from '../deployment.ts';

export type ProductStackProps = { readonly deployment: Deployment; readonly description: string };

export class ProductStack extends Stack {
  readonly deployment: Deployment;

  constructor(scope: Construct, id: string, props: ProductStackProps) {
    super(scope, id, {
      stackName: physicalName(props.deployment, id.toLowerCase()),
      description: props.description,
      terminationProtection: props.deployment.retained,
      synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IStackSynthesizer,
      analyticsReporting: false,
    });
    this.deployment = props.deployment;
    Tags.of(this).add('application', 'espalier');
    Tags.of(this).add('stage', props.deployment.stage);
  }
}
