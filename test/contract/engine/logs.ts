// Starts our CloudWatch Logs for its contract suite.

import { createLogs } from '../../../emulation/cloud/logs/logs.ts';
import type { Endpoint } from '../endpoint.ts';
import { logExtension } from '../extension/logs/logs-extension.ts';
import { startControl } from './control.ts';

export function startOurs(): Promise<Endpoint> {
  return startControl((database) => {
    const logs = createLogs({ database, now: Date.now, operations: logExtension });
    return { services: [logs.api], close: logs.close };
  });
}
