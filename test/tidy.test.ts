// Tests how the code reads, by the rules of test/tidy/rules.ts. It prints `path:line: what, and what instead`.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commitProblems, parseCommits } from './tidy/commit.ts';
import { exceptions, namesOfOthers } from './tidy/exceptions.ts';
import { readProse } from './tidy/prose.ts';
import { readRepository } from './tidy/repository.ts';
import { ruleTableProblems } from './tidy/rule-table.ts';
import { rules } from './tidy/rules.ts';
import { parseSource, readSourceTree } from './tidy/source-tree.ts';

const files = readSourceTree();

describe.each(rules)('$name', (rule) => {
  it('holds in every file', () => {
    const excused = exceptions.filter((one) => one.rule === rule.name).map((one) => one.path);
    const found = rule.find(files).filter((line) => !excused.some((path) => line.startsWith(`${path}:`)));
    expect(found.join('\n')).toBe('');
  });
});

it('every exception still breaks its rule', () => {
  const idle = exceptions.filter((one) => {
    const rule = rules.find((candidate) => candidate.name === one.rule);
    return !rule?.find(files).some((line) => line.startsWith(`${one.path}:`));
  });
  expect(idle).toEqual([]);
});

it('every excused name is still used', () => {
  const prose = [...files.map(({ path, text }) => readProse(path, text)), ...readRepository().documents];
  const idle = namesOfOthers.filter(({ name }) => !prose.some(({ text }) => text.includes(name)));
  expect(idle).toEqual([]);
});

it('every file and every test that docs/lifecycle.md names exists', () => {
  expect(ruleTableProblems(readFileSync('docs/lifecycle.md', 'utf8'))).toEqual([]);
});

it.each([
  ['| 1 | A job runs. | yes | core/x.ts | test/x.test.ts "a job runs" |', []],
  [
    '| 1 | A job runs. | yes | core/x.ts | test/x.test.ts "a job walks" |',
    ['Jobs 1: test/x.test.ts has no test "a job walks"'],
  ],
  ['| 1 | A job runs. | yes | core/y.ts | test/x.test.ts "a job runs" |', ['Jobs 1: no file core/y.ts']],
  ['| 1 | A job runs. | yes, apps | core/x.ts | |', ['Jobs 1: no code or no test']],
  [
    '| 1 | A job runs. | part | | |',
    ['Jobs 1: "part" is not among yes, applets yes, applets and workflows yes, analyses, apps, money'],
  ],
  ['| 1 | A job costs money. | money | | |', []],
])('a planted row of rules is checked: %s', (row, problems) => {
  const files = new Map([
    ['core/x.ts', ''],
    ['test/x.test.ts', "it('a job runs', () => {});"],
  ]);
  expect(ruleTableProblems(`# Rules\n\n## Jobs\n\n${row}\n`, (path) => files.get(path))).toEqual(problems);
});

// A check is checked: each planted error must be found.
const comment = '// A planted file.\n';
it.each([
  ['file length', 'core/long.ts', comment + 'const x = 1;\n'.repeat(301)],
  ['function length', 'core/f.ts', `${comment}function long(): void {\n${'  call();\n'.repeat(60)}}\n`],
  ['names', 'core/string-utils.ts', comment],
  ['names', 'core/someFile.ts', comment],
  ['opening comment', 'core/silent.ts', 'export const x = 1;\n'],
  ['default exports', 'core/x.ts', `${comment}export default 1;\n`],
  ['barrels', 'core/x.ts', `${comment}export * from './id.ts';\n`],
  ['escape hatches', 'core/x.ts', `${comment}const x = y as ${'any'};\n`],
  ['spreads of undefined', 'core/x.ts', `${comment}const x = { ...(y ${'==='} undefined ? {} : { y }) };\n`],
  ['open ends', 'core/x.ts', `${comment}// ${'TO'}DO later\n`],
  ['pure core', 'core/x.ts', `${comment}const now = Date.now();\n`],
  ['environment', 'engine/x.ts', `${comment}const x = process.env.X;\n`],
  ['row keys', 'engine/x.ts', `${comment}const key = { pk: id, sk: 'A' };\n`],
  ['row keys', 'api/x.ts', `${comment}const prefix = \`W${'#'}\`;\n`],
  ['row keys', 'aws/x.ts', `${comment}const partition = \`\${project}#exec\`;\n`],
  ['row keys', 'engine/x.ts', `${comment}const doom = '!doom${'#'}';\n`],
  ['row casts', 'engine/x.ts', `${comment}const job = row as unknown ${'as'} JobRow;\n`],
  ['constant names', 'core/x.ts', `${comment}\nconst PAGE_${'SIZE'} = 100;\n`],
  ['constant names', 'core/x.ts', `${comment}\nconst max${'PageSize'} = 100;\n`],
  [
    'constants last',
    'core/x.ts',
    `${comment}\nconst pageSize = 100;\n\nexport function page(): number {\n  return pageSize;\n}\n`,
  ],
  ['line after the header', 'core/x.ts', `${comment}export const x = 1;\n`],
  ['classes', 'core/x.ts', `${comment}\nclass Counter {\n  count = 0;\n}\n`],
  ['classes', 'engine/x.ts', `${comment}\nexport class Counter extends Base {}\n`],
  ['layers', 'core/x.ts', `${comment}import { y } from '../engine/y.ts';\n`],
  ['layers', 'worker/x.ts', `${comment}import type { Y } from '../core/y.ts';\n`],
  ['SDK', 'engine/x.ts', `${comment}import { S3 } from '@aws-sdk/client-s3';\n`],
  ['import cycles', 'core/x.ts', `${comment}import { x } from './x.ts';\n`],
  ['dead files', 'core/never-imported-planted.ts', comment],
  ['plain language', 'core/x.ts', '// Reads a file. It knows no caller.\n'],
  ['plain language', 'core/x.ts', `${comment}/** Of${' the'} outputs. */\n`],
  ['plain language', 'core/x.ts', `${comment}// Last, who${'ever'} waits is woken.\n`],
  ['plain language', 'core/x.ts', `${comment}// The user is to${'ld'} why.\n`],
  ['cited files', 'core/x.ts', `${comment}// The rule is core/never-${'there'}.ts.\n`],
  ['cited files', 'core/x.ts', `${comment}/* It is in core/never-${'there'}, with the others. */\n`],
  ['cited files', 'core/x.ts', `${comment}// See \`other/never-${'there'}/\`.\n`],
  ['cited files', 'x.sh', `#!/bin/bash\n# The rule is core/never-${'there'}.ts.\n`],
  ['cited files', 'docs/x.md', `# X\n\nThe rule is in [another page](never-${'there'}.md).\n`],
  ['cited headings', 'core/x.ts', `${comment}// Why: CONTRIBUTING.md, "Never ${'there'}".\n`],
  [
    'cited headings',
    'core/x.ts',
    `${comment}/**\n * Why: docs/reference/api.md, "Job states" and\n * "Never ${'there'}".\n */\n`,
  ],
  ['cited headings', 'docs/x.md', `# X\n\n[Why](reference/api.md#never-${'there'})\n`],
  ['cited names', 'core/x.ts', `${comment}// \`never${'There'}\` tells those.\n`],
  ['cited names', 'core/x.ts', `${comment}const x = 1; // What never${'There'} made.\n`],
  ['cited names', 'docs/x.md', `# X\n\nSet NEVER_${'THERE'} first.\n`],
])('the rule "%s" finds a planted break', (name, path, text) => {
  const rule = rules.find((candidate) => candidate.name === name);
  const found = rule?.find([parseSource(path, text)]).filter((line) => line.startsWith(`${path}:`));
  expect(found).not.toEqual([]);
});

it('the rule "room circles" finds two planted rooms that need each other', () => {
  const rule = rules.find(({ name }) => name === 'room circles');
  const there = parseSource('engine/job/x.ts', `${comment}import { y } from '../wait/y.ts';\n`);
  const back = parseSource('engine/wait/z.ts', `${comment}import { w } from '../job/w.ts';\n`);
  expect(rule?.find([there])).toEqual([]);
  expect(rule?.find([there, back])).toEqual([
    'engine/wait/z.ts:1: closes the circle of rooms engine/job → engine/wait → engine/job',
  ]);
});

it.each([
  ['a subject of 73 characters', `Fix ${'x'.repeat(69)}\0The reason.\0`, /the subject has 73 characters; at most 72/],
  ['a full stop', 'Fix the walk over hidden links.\0The reason.\0', /the subject ends with a full stop/],
  ['a subject in lower case', 'fix the walk\0The reason.\0', /the subject "fix the walk" must begin with a verb/],
  ['a missing body', 'Fix the walk over hidden links\0\n\0', /the body is missing/],
])('the check of commits finds %s in a planted commit', (_, fields, problem) => {
  const log = `aaaaaaa\0Fix ${'x'.repeat(68)}\0The reason\n\nin two paragraphs.\n\0\nbbbbbbb\0${fields}\n`;
  const commits = parseCommits(log);
  expect(commits.map(({ hash }) => hash)).toEqual(['aaaaaaa', 'bbbbbbb']);
  const problems = commits.flatMap(commitProblems);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(problem);
  expect(problems[0]).toMatch(/^bbbbbbb: /);
});
