// Reads the log of a worker from CloudWatch Logs, where the awslogs driver put it.

import { type CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { LogReader } from '../core/context.ts';
import { unlessRefused } from './failure.ts';

/** @param group the log group of workers; ECS names a task's stream `<prefix>/<container>/<task id>`. */
export function createLogReader(client: () => CloudWatchLogsClient, group: () => string): LogReader {
  return {
    async read(taskArn, token, limit = maximumLines) {
      const command = new GetLogEventsCommand({
        logGroupName: group(),
        logStreamName: `worker/worker/${taskArn.split('/').at(-1)}`,
        startFromHead: true,
        limit,
        nextToken: token,
      });
      // The stream is made with the task's first line.
      const answer = await unlessRefused('GetLogEvents', ['ResourceNotFoundException'], () => client().send(command));
      const lines = (answer?.events ?? []).map(({ timestamp = 0, message = '' }) => ({ timestamp, message }));
      // At the end of the stream CloudWatch returns the token that we sent: there is nothing new.
      return { lines, token: answer?.nextForwardToken ?? token };
    },
  };
}

/** CloudWatch's own limit of one answer, beside 1 MB. */
const maximumLines = 10_000;
