// Moves the clock of a process and its threads that load this file with `--import`, by the hours in its address
// (`?hours=1`). Campaigns start the platform so, to see what it does after its longest waits.

import { ClientRequest, type IncomingMessage } from 'node:http';

const movedMs = Number(new URL(import.meta.url).searchParams.get('hours')) * 3_600_000;
const system = globalThis.Date;
const now = () => system.now() + movedMs;

globalThis.Date = new Proxy(system, {
  construct: (target, given, made) => Reflect.construct(target, given.length === 0 ? [now()] : given, made),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});

// Servers date their answers by the system's clock. The AWS SDK would take that for an error of its own clock.
const emit = ClientRequest.prototype.emit;
ClientRequest.prototype.emit = function emitUndated(this: ClientRequest, event: string | symbol, ...values: unknown[]) {
  if (event === 'response') delete (values[0] as IncomingMessage).headers.date;
  return Reflect.apply(emit, this, [event, ...values]);
};
