// Serves dxpy's log sockets (docs/reference/api.md, "Log sockets of a job"). They are unix datagram sockets, which Node
// does not have, so a few lines of Python receive the datagrams and pass them on, one JSON object a line.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import type { JobLog, Level } from './log.ts';
import type { LogOutput } from './log-output.ts';
import { parseHash, textOf } from './report-file.ts';

export type LogRelay = {
  /** To be called when the job has ended. Resolves when everything that was written to the sockets is in the log. */
  end(): Promise<void>;
};

/**
 * Starts the relay. Resolves when the sockets exist, with undefined when it could not start: dxpy then logs to stderr.
 */
export async function startLogRelay(
  folder: string,
  path: string,
  log: JobLog,
  output: Pick<LogOutput, 'hold'>,
): Promise<LogRelay | undefined> {
  mkdirSync(folder, { recursive: true });
  const relay = spawn('python3', ['-I', '-S', '-c', program, folder], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: path },
  });
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input: relay.stdout });
  const closed = new Promise<void>((resolve) => lines.once('close', resolve));
  // It may end before its input does.
  relay.stdin.on('error', () => undefined);
  let isReady = false;
  isReady = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), readyTimeoutMs);
    const settle = (value: boolean): void => {
      clearTimeout(timer);
      resolve(value);
    };
    relay.once('error', () => settle(false));
    relay.once('exit', () => settle(false));
    lines.on('line', (text) => {
      if (!isReady && text === 'ready') return settle(true);
      logDatagram(text, log);
      output.hold(lines);
    });
  });
  if (isReady) return { end: () => endRelay(relay, closed) };
  relay.kill('SIGKILL');
  log.line('INFO', "dxpy's log sockets are not available: its log lines appear as STDERR", 'SYSTEM');
  return undefined;
}

async function endRelay(relay: ChildProcess, closed: Promise<void>): Promise<void> {
  relay.stdin?.end();
  const timer = setTimeout(() => relay.kill('SIGKILL'), endLimitMs);
  await closed;
  clearTimeout(timer);
}

/** Logs one datagram: `{source, timestamp, level, msg}`. Text that does not have this form is logged unchanged. */
export function logDatagram(text: string, log: JobLog): void {
  const datagram = parseHash(text);
  if (datagram === undefined) {
    log.line('INFO', text);
    return;
  }
  const { source, level: given, msg } = datagram;
  const level = typeof given === 'number' ? levels[given] : names.get(given);
  const isStream = source === 'DX_APP_STREAM';
  log.line(isStream ? (level === 'ERROR' ? 'STDERR' : 'STDOUT') : (level ?? 'INFO'), textOf(msg));
}

/** The folder of the sockets to which dxpy sends log lines as datagrams (docs/reference/api.md, "Log sockets of a job"). */
export const logSocketFolder = '/opt/dnanexus/log';
const readyTimeoutMs = 5000;
/** The sockets and pipes hold little, but the worker's own pipe may be full. */
const endLimitMs = 10_000;

// Its standard input closes when the job or the worker has ended. It then passes on what is there, and ends.
const program = `
import os, selectors, socket, sys
chooser = selectors.DefaultSelector()
for name in ("priority", "bulk"):
    path = os.path.join(sys.argv[1], name)
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(path)
    os.chmod(path, 0o666)
    chooser.register(receiver, selectors.EVENT_READ)
chooser.register(0, selectors.EVENT_READ)
output = sys.stdout.buffer
output.write(b"ready\\n")
output.flush()
ending = False
while True:
    ready = [key.fileobj for key, _ in chooser.select(0 if ending else None)]
    if ending and not ready:
        break
    for source in ready:
        if source == 0:
            chooser.unregister(0)
            ending = True
        else:
            output.write(source.recv(65536).replace(b"\\n", b" ") + b"\\n")
    output.flush()
`;

// dxpy sends syslog's numbers or its names.
const levels: readonly Level[] = ['EMERG', 'ALERT', 'CRITICAL', 'ERROR', 'WARNING', 'NOTICE', 'INFO', 'DEBUG'];

const names: ReadonlyMap<unknown, Level> = new Map([
  ['critical', 'CRITICAL'],
  ['error', 'ERROR'],
  ['warning', 'WARNING'],
  ['info', 'INFO'],
  ['debug', 'DEBUG'],
]);
