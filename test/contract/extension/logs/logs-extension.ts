// The operations of CloudWatch Logs that the product does not call. Suites make groups and streams with them and write
// events, as the platform does with a CloudWatch Logs elsewhere.

import type { LogCore } from '../../../../emulation/cloud/logs/log-core.ts';
import { invalid, required } from '../../../../emulation/cloud/logs/log-input.ts';
import { AwsError } from '../../../../emulation/cloud/wire/aws-error.ts';
import type { Operation } from '../../../../emulation/cloud/wire/control-server.ts';
import type { Input } from '../../../../emulation/cloud/wire/input.ts';
import { putLogEvents } from './put-log-events.ts';

/** For `createLogs({ operations })`. */
export function logExtension(core: LogCore): Record<string, Operation> {
  return {
    CreateLogGroup: (input) => createLogGroup(core, input),
    CreateLogStream: (input) => createLogStream(core, input),
    PutLogEvents: (input) => putLogEvents(core, input),
  };
}

function createLogGroup(core: LogCore, input: Input): object {
  const name = required(input, 'logGroupName');
  if (!groupName.test(name)) throw invalid(`Value '${name}' at 'logGroupName' failed to satisfy constraint`);
  const table = core.read();
  if (table.group(name)) {
    throw new AwsError('ResourceAlreadyExistsException', 'The specified log group already exists');
  }
  table.putGroup({ name, createdAt: core.now() });
  return {};
}

function createLogStream(core: LogCore, input: Input): object {
  const group = core.group(required(input, 'logGroupName'));
  const name = required(input, 'logStreamName');
  if (!streamName.test(name)) throw invalid(`Value '${name}' at 'logStreamName' failed to satisfy constraint`);
  const table = core.read();
  if (table.stream(group.name, name)) {
    throw new AwsError('ResourceAlreadyExistsException', 'The specified log stream already exists');
  }
  table.addStream(group.name, name, core.now());
  return {};
}

const groupName = /^[.\-_/#A-Za-z0-9]{1,512}$/;
const streamName = /^[^:*]{1,512}$/;
