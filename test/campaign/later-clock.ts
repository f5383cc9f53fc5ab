// Moves the clock of a process and its threads that load this file with `--import`, by the hours in its address
// (`?hours=1`). Campaigns start the platform so, to see what it does after its longest waits.

const movedMs = Number(new URL(import.meta.url).searchParams.get('hours')) * 3_600_000;
const system = globalThis.Date;
const now = () => system.now() + movedMs;

globalThis.Date = new Proxy(system, {
  construct: (target, given, made) => Reflect.construct(target, given.length === 0 ? [now()] : given, made),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
