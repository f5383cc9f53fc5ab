// The access of a job, as a table: what its executable asks for, and what the caller has.

import { describe, expect, it } from 'vitest';
import type { Level } from '../../core/access/level.ts';
import type { AccessRequest } from '../../core/executable/applet.ts';
import { planAccess } from '../../core/run/plan-access.ts';
import { appletSpec } from './run-facts.ts';

type Case = readonly [
  title: string,
  kind: 'applet' | 'app',
  asked: AccessRequest,
  level: Level,
  above: AccessRequest | undefined,
  expected: AccessRequest,
];

const nothing = {
  network: [],
  project: 'NONE',
  allProjects: 'NONE',
  developer: false,
  projectCreation: false,
} as const;
const flags = { developer: true, projectCreation: true };
const everything: AccessRequest = { network: ['*'], project: 'ADMINISTER', allProjects: 'CONTRIBUTE', ...flags };

const cases: readonly Case[] = [
  ['an applet that asks for nothing reads the project', 'applet', {}, 'CONTRIBUTE', undefined, { project: 'VIEW' }],
  ['an app that asks for nothing gets nothing', 'app', {}, 'ADMINISTER', undefined, nothing],
  ['an app gets what it asks for', 'app', everything, 'ADMINISTER', undefined, everything],
  ['an app gets no more than the user has', 'app', everything, 'CONTRIBUTE', undefined, { project: 'CONTRIBUTE' }],
  ['an applet gets no more than the user has', 'applet', everything, 'VIEW', undefined, { project: 'VIEW' }],
  ['an applet below an app without access gets none', 'applet', {}, 'NONE', nothing, nothing],
  ['an applet below an app without access that asks for all', 'applet', everything, 'NONE', nothing, nothing],
  [
    'an applet below an app with all access gets its own',
    'applet',
    {},
    'VIEW',
    everything,
    { ...nothing, project: 'VIEW' },
  ],
  [
    'an app below an applet gets what both have',
    'app',
    everything,
    'VIEW',
    { ...everything, project: 'VIEW' },
    { ...everything, project: 'VIEW' },
  ],
  [
    'an app below an app gets no flag that one lacks',
    'app',
    everything,
    'VIEW',
    { ...everything, developer: false },
    { developer: false, projectCreation: true },
  ],
  [
    'hosts that both name',
    'app',
    { network: ['a.org', 'b.org'] },
    'NONE',
    { network: ['b.org', 'c.org'] },
    { network: ['b.org'] },
  ],
  ['all hosts below some', 'app', { network: ['*'] }, 'NONE', { network: ['b.org'] }, { network: ['b.org'] }],
  ['some hosts below all', 'app', { network: ['b.org'] }, 'NONE', { network: ['*'] }, { network: ['b.org'] }],
  [
    'the weaker level in other projects',
    'app',
    { allProjects: 'CONTRIBUTE' },
    'NONE',
    { allProjects: 'VIEW' },
    { allProjects: 'VIEW' },
  ],
];

describe('the access of a job', () => {
  it.each(cases)('%s', (_title, kind, access, level, above, expected) => {
    expect(planAccess({ executable: { kind, spec: { ...appletSpec, access } }, level, above })).toMatchObject(expected);
  });
});
