// Prints the state machine of jobs for docs/states.md, from the tables that run it.

import { failureReasons } from '../execution/failure.ts';
import { agenda, steps } from './agenda.ts';
import { demands } from './demand.ts';
import { type EventKind, eventMeanings } from './event.ts';
import { type JobState, jobStates } from './state.ts';
import { type DemandName, moves, notes, type Sets, transitions } from './transition.ts';

/** The part of the page about jobs. */
export function printStates(): string {
  const lines = [
    '# The states of jobs and analyses',
    '',
    'This page is printed from the tables of `core/job/` and `core/analysis/` (`npm run docs`). Change them, not this page.',
    '',
    ...section('States', [], ['state', 'ends there', 'led to by', 'meaning'], Object.entries(jobStates).map(stateRow)),
    ...section('What each state calls for', aboutAgenda, ['state', 'what moves on from it', 'steps'], agendaRows()),
    ...section(
      'Steps',
      [],
      ['step', 'meaning'],
      Object.entries(steps).map(([name, { meaning }]) => [code(name), meaning]),
    ),
    ...section('Transitions', aboutTransitions, ['event', 'from', 'to', 'sets', 'demands', 'then'], moveRows()),
    ...section('Notes', aboutNotes, ['event', 'in', 'sets', 'demands'], noteRows()),
    ...section(
      'Events',
      [],
      ['event', 'meaning'],
      Object.entries(eventMeanings).map(([event, meaning]) => [code(event), meaning]),
    ),
    ...section(
      'Failure reasons',
      [],
      ['reason', 'whose fault', 'billed', 'may restart by policy'],
      Object.entries(failureReasons).map(([reason, { fault, billed, restartable }]) => [
        ...[code(reason), fault, billed ? 'yes' : 'no', restartable ? 'yes' : 'no'],
      ]),
    ),
  ];
  return lines.join('\n');
}

/** The kinds of events, for tests of completeness. */
export const eventKinds: readonly EventKind[] = [...new Set(transitions.map(({ event }) => event))];

function stateRow([state, { terminal, driven, meaning }]: [string, (typeof jobStates)[JobState]]): string[] {
  const ledToBy = driven === 'now' ? 'an event' : 'rows of earlier tries only';
  return [code(state), terminal ? 'yes' : '', ledToBy, meaning];
}

function agendaRows(): string[][] {
  return (Object.keys(jobStates) as JobState[]).map((state) => {
    const ways = moves.filter(([, from]) => from.includes(state)).map(([event, , to]) => `${code(event)} → ${to}`);
    return [code(state), ways.join(', '), printSteps(state)];
  });
}

function moveRows(): string[][] {
  return moves.map(([event, from, to, sets = {}, demand]) => [
    code(event),
    from.map(code).join(' '),
    to === 'ended' ? 'ended' : code(to),
    printSets(sets),
    printDemand(demand),
    printSteps(to === 'ended' ? 'failed' : to),
  ]);
}

function noteRows(): string[][] {
  return notes.map(([event, from, sets, demand]) => [
    code(event),
    from.map(code).join(' '),
    printSets(sets),
    printDemand(demand),
  ]);
}

function printDemand(demand: DemandName | undefined): string {
  return demand === undefined ? '' : demands[demand].text;
}

function printSteps(state: JobState): string {
  const [, ...items] = agenda[state];
  const printed = items.map((item) => {
    if (typeof item === 'string') return code(item);
    return `${code(item.step)} (${item.on.map((occasion) => occasions[occasion]).join(', ')})`;
  });
  return printed.join(', ');
}

function printSets({ take = [], drop = [], failure, begin }: Sets): string {
  const parts = [
    ...take.map(code),
    ...drop.map((name) => `no ${code(name)}`),
    ...(failure ? ['the failure'] : []),
    ...(begin === undefined ? [] : [begin === 'try' ? 'the next try' : 'the next launch']),
  ];
  return parts.join(', ');
}

export function section(
  title: string,
  about: readonly string[],
  head: readonly string[],
  rows: readonly string[][],
): string[] {
  return [`## ${title}`, '', ...about, ...(about.length === 0 ? [] : ['']), ...table(head, rows), ''];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

export function code(text: string): string {
  return `\`${text}\``;
}

const occasions = { entered: 'on entry', woken: 'when woken', swept: 'in the sweep' } as const;
const aboutAgenda = [
  'The steps are done in this order, by the stream, by a message or by the sweep. Each is repeated until it is seen to be',
  'done. Where occasions are named, the step is done on these alone.',
];
const aboutTransitions = [
  'An event that is neither here nor among the notes is refused. "ended" is `terminated` when the reason is Terminated,',
  'otherwise `failed`. What follows a transition is the agenda of the state that it leads to.',
];
const aboutNotes = ['These events are only noted in the row. The state stays, and nothing follows.'];
