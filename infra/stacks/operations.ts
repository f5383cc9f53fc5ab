// The alarms, each with a severity and the runbook's heading, and one topic that reports them.

import { Alarm, ComparisonOperator, type IAlarmAction, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { type PlatformAlarm, platformAlarms } from '../constructs/alarm.ts';
import { ProductStack } from '../constructs/product-stack.ts';
import { sharedValue } from '../constructs/shared-parameter.ts';
import { type Deployment, physicalName } from '../deployment.ts';

export class OperationsStack extends ProductStack {
  constructor(scope: Construct, deployment: Deployment) {
    super(scope, 'Operations', { deployment, description: 'Espalier: alarms' });
    const topic = new Topic(this, 'Alarms', {
      topicName: physicalName(deployment, 'alarms'),
      displayName: `Espalier ${deployment.stage}`,
      enforceSSL: true,
    });
    const tell = new SnsAction(topic);
    for (const alarm of platformAlarms(deployment, sharedValue(this, deployment, 'httpApiId'))) {
      this.#declare(alarm, tell);
    }
  }

  #declare(alarm: PlatformAlarm, tell: IAlarmAction): void {
    new Alarm(this, `Alarm-${alarm.name}`, {
      alarmName: physicalName(this.deployment, alarm.name),
      alarmDescription: `[${alarm.severity}] ${alarm.runbook}. What to do: docs/operator-runbook.md#${anchorOf(alarm.runbook)}`,
      metric: alarm.metric,
      threshold: alarm.threshold,
      evaluationPeriods: alarm.periods,
      comparisonOperator: alarm.when ?? ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: alarm.missing ?? TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(tell);
  }
}

/** Makes an anchor from a heading as GitHub does. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(' ', '-');
}
