// Reads the table of docs/lifecycle.md, and finds the files and test titles in it that do not exist.

import { existsSync, readFileSync } from 'node:fs';

/** Lines `rule: what is missing`. A rule that holds must name code and a test. */
export function ruleTableProblems(page: string, read: (path: string) => string | undefined = readIfThere): string[] {
  return ruleRows(page).flatMap(({ number, holds, code, test }) => {
    const files = code.match(/[\w./-]+\.ts/g) ?? [];
    const tests = [...test.matchAll(/([\w./-]+\.test\.ts) "([^"]+)"/g)];
    const isAhead = !/\byes\b/.test(holds);
    return [
      ...(isKnown(holds) ? [] : [`${number}: "${holds}" is not among ${answers.join(', ')}`]),
      ...(isAhead || (files.length > 0 && tests.length > 0) ? [] : [`${number}: no code or no test`]),
      ...files.filter((file) => read(file) === undefined).map((file) => `${number}: no file ${file}`),
      ...tests
        .filter(([, file = '', title = '']) => !read(file)?.includes(title))
        .map(([, file, title]) => `${number}: ${file} has no test "${title}"`),
    ];
  });
}

type RuleRow = Readonly<Record<'number' | 'rule' | 'holds' | 'code' | 'test', string>>;

function ruleRows(page: string): RuleRow[] {
  const sections = page.split(/^## /m).slice(1);
  return sections.flatMap((section) => {
    const [title = ''] = section.split('\n');
    const lines = section.split('\n').filter((line) => /^\| \d/.test(line));
    return lines.map((line) => {
      const [, number = '', rule = '', holds = '', code = '', test = ''] = line.split('|').map((cell) => cell.trim());
      return { number: `${title} ${number}`, rule, holds, code, test };
    });
  });
}

function isKnown(holds: string): boolean {
  return holds.split(', ').every((one) => answers.includes(one));
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

const answers = ['yes', 'applets yes', 'applets and workflows yes', 'analyses', 'apps', 'money'];
