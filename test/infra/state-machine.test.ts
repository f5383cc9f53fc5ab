// The state machine files as they are deployed: an independent validator accepts them, and our interpreter loads them.

import { readdirSync, readFileSync } from 'node:fs';
import aslValidator from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { loadMachine } from '../../emulation/cloud/step-functions/definition.ts';
import { jobAttemptCases } from '../contract/job-attempt-cases.ts';

const folder = new URL('../../statemachines/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.asl.json'));

type Definition = { readonly States: Record<string, Record<string, unknown>> };

/** The validator needs whole ARNs, so every substitution becomes a plain word. */
const filled = (file: string) => readFileSync(new URL(file, folder), 'utf8').replaceAll(/\$\{(\w+)\}/g, 'aws');

describe.each(files)('%s', (file) => {
  it('is valid to asl-validator', () => {
    const { isValid, errorsText } = aslValidator(JSON.parse(filled(file)));
    expect(isValid, errorsText()).toBe(true);
  });
  it('is loaded by the interpreter', () => {
    expect(loadMachine(filled(file)).states.size).toBeGreaterThan(0);
  });
  it('is valid JSON before its names are filled in', () => {
    expect(JSON.parse(readFileSync(new URL(file, folder), 'utf8'))).toMatchObject({ QueryLanguage: 'JSONata' });
  });
});

describe('a planted error', () => {
  const broken = JSON.parse(filled('job-attempt.asl.json')) as Definition;
  broken.States.Backoff = { ...broken.States.Backoff, Next: 'Nowhere' };
  it('is found by both', () => {
    expect(aslValidator(broken).isValid).toBe(false);
    expect(() => loadMachine(JSON.stringify(broken))).toThrow(/Nowhere at \/States\/Backoff\/Next/);
  });
});

describe('job-attempt', () => {
  it('has a case for every state and every branch of its choice', () => {
    const { States } = JSON.parse(filled('job-attempt.asl.json')) as Definition;
    const passed = new Set(jobAttemptCases.flatMap(({ path }) => path));
    expect([...passed].sort()).toEqual(Object.keys(States).sort());
    const ways = jobAttemptCases.flatMap(({ path }) =>
      path.flatMap((state, index) => (state === 'Launchable' ? [path[index + 1]] : [])),
    );
    expect([...new Set(ways)].sort()).toEqual(['Backoff', 'Finalise']);
  });
});
