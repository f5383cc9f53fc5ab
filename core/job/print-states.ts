// Prints the state machine as docs/states.md, from the tables that run it. A test says when the page is stale.

import type { Command, EventKind } from './event.ts';
import { failureReasons } from './failure.ts';
import { jobStates } from './state.ts';
import { demands, transitions } from './transition.ts';

/** The whole page. */
export function printStates(): string {
  return [
    '# The states of a job',
    '',
    'Printed from `core/job/` (`printStates`): change the tables, not this page.',
    '',
    '## States',
    '',
    ...table(
      ['state', 'ends there', 'led to by', 'meaning'],
      Object.entries(jobStates).map(([state, { terminal, driven, meaning }]) => [
        code(state),
        terminal ? 'yes' : '',
        driven === 'now' ? 'an event' : driven === 'later' ? 'no event yet' : 'rows of earlier tries only',
        meaning,
      ]),
    ),
    '',
    '## Transitions',
    '',
    'What is not in this table is refused. "ended" is `terminated` when the reason is Terminated, else `failed`.',
    '',
    ...table(
      ['event', 'from', 'to', 'demands', 'when'],
      transitions.map(({ event, from, to, demand, meaning }) => [
        code(event),
        from.map(code).join(' '),
        to === 'same' ? 'the same' : to === 'ended' ? 'ended' : code(to),
        demand === undefined ? '' : demands[demand].text,
        meaning,
      ]),
    ),
    '',
    '## What follows a change',
    '',
    'Each is done until it is seen to be done, by the stream, a message or the sweep, and may be done twice.',
    '',
    ...table(
      ['command', 'meaning'],
      Object.entries(commandMeanings).map(([kind, meaning]) => [code(kind), meaning]),
    ),
    '',
    '## Failure reasons',
    '',
    ...table(
      ['reason', 'whose fault', 'billed', 'may restart by policy'],
      Object.entries(failureReasons).map(([reason, { fault, billed, restartable }]) => [
        code(reason),
        fault,
        billed ? 'yes' : 'no',
        restartable ? 'yes' : 'no',
      ]),
    ),
    '',
  ].join('\n');
}

const commandMeanings: { readonly [kind in Command['kind']]: string } = {
  lookAtInput: 'read what it waits for; put edges on what is not ready',
  launch: 'send the message that starts a worker, later after each one that nobody claimed',
  lookAtOutput: 'read its members and what its output refers to; resolve, check and clone the output',
  stopWorker: 'stop the task whose worker claimed it',
  stopLaunch: 'stop the execution of a worker that has not claimed it',
  endDescendants: 'end everything below the given-up try',
  endTree: 'put the doom flag, then end every job of the tree',
  wakeWaiters: 'look at every job with an edge on this one',
  destroyWorkspace: 'empty the workspace once nothing can write to it any more',
  retry: 'keep the try as it ended, begin the next',
  settle: 'leave the index of the sweep',
};

/** The kinds of events, for tests of completeness. */
export const eventKinds: readonly EventKind[] = [...new Set(transitions.map(({ event }) => event))];

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function code(text: string): string {
  return `\`${text}\``;
}
