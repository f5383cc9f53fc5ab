// Runs the DynamoDB engine of one data folder: a process with its data in a file. The next start finds and ends a
// leftover one. Dynoxide 1.2.1 listens on TCP only and checks no signatures, so any user of this machine can connect to
// it. The gate before it guards only the calls of functions.

import { accessSync, constants, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { signalIfThere } from '../../machine/process/process-signal.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { startTethered, type Tethered } from './lifeline.ts';
import { prepareStreams, startStreamUpkeep } from './stream-store.ts';

export type Database = {
  /** `http://127.0.0.1:<port>`. It stays the same while the platform runs, even when the process had to be replaced. */
  readonly endpoint: string;
  readonly port: number;
  close(): Promise<void>;
};

/**
 * Starts the engine on the data file. A leftover of an earlier platform on the same file is ended first.
 * @param onLost called with the reason when the process keeps dying, because the platform cannot go on then.
 * @throws StartRefusal when there is no engine for this machine, or when it does not start.
 */
export async function startDynoxide(file: string, onLost: (reason: string) => void): Promise<Database> {
  const binary = engineFile();
  endLeftovers(file);
  const port = await freePort();
  const command = [binary, 'serve', '--host', '127.0.0.1', '--port', String(port), '--db-path', file];
  let closing = false;
  const deaths: number[] = [];
  const upkeep = startStreamUpkeep(file, Date.now);
  const launch = async (): Promise<Tethered> => {
    const tethered = startTethered(command);
    await untilListening(port, tethered);
    prepareStreams(file);
    upkeep.run();
    tethered.ended.then(async () => {
      if (closing) return;
      endLeftovers(file);
      deaths.push(Date.now());
      const recent = deaths.filter((at) => at > Date.now() - restartWindowMs).length;
      if (recent > maximumRestartCount) {
        onLost(`The database process ended ${recent} times within a minute: ${tethered.lastOutput()}`);
        return;
      }
      current = await launch().catch((error: Error) => {
        onLost(error.message);
        return current;
      });
    });
    return tethered;
  };
  let current = await launch();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    async close() {
      closing = true;
      upkeep.close();
      const pid = await current.pid.catch(() => undefined);
      if (pid !== undefined) signalIfThere(pid, 'SIGTERM');
      await Promise.race([current.ended, delay(2_000, undefined, { ref: false })]);
      if (pid !== undefined) signalIfThere(pid, 'SIGKILL');
      await current.ended;
    },
  };
}

/** The program that npm installed. @throws StartRefusal when there is none for this machine. */
export function engineFile(): string {
  const platform = `${process.platform}-${process.arch}`;
  const path = join(import.meta.dirname, '..', '..', 'node_modules', '@dynoxide', platform, 'dynoxide');
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch (cause) {
    const advice = 'run `npm ci`, or name another DynamoDB by AWS_ENDPOINT_URL_DYNAMODB';
    throw new StartRefusal(`There is no database engine for ${platform} in node_modules: ${advice}.`, { cause });
  }
}

/** Ends processes that serve this file. Their platform has ended, because one platform at a time holds the folder. */
function endLeftovers(file: string): void {
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const pid = Number(entry);
    if (pid !== process.pid && isEngineOf(pid, file)) signalIfThere(pid, 'SIGKILL');
  }
}

function isEngineOf(pid: number, file: string): boolean {
  try {
    const [, ...parameters] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return readlinkSync(`/proc/${pid}/exe`).endsWith('/dynoxide') && parameters.includes(file);
  } catch {
    // The process has ended meanwhile, or belongs to another user and cannot hold our file.
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilListening(port: number, { ended, lastOutput }: Tethered): Promise<void> {
  let code: number | null | undefined;
  void ended.then((end) => {
    code = end.code;
  });
  for (const deadline = Date.now() + startLimitMs; Date.now() < deadline; await delay(pollMs)) {
    if (code !== undefined) throw new StartRefusal(`The database process ended with status ${code}: ${lastOutput()}`);
    if (await accepts(port)) return;
  }
  throw new StartRefusal(`The database process did not answer within ${startLimitMs / 1000} s: ${lastOutput()}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

const startLimitMs = 10_000;
const pollMs = 5;
/** If the process dies more often than this within the window, the platform gives up. */
const maximumRestartCount = 3;
const restartWindowMs = 60_000;
