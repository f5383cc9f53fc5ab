// Reads the tracked and new source files of the checkout, with their lines, imports and functions, for the tidy rules.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export type SourceFile = {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** Relative imports as paths from the root, and packages as they are written, including type-only imports. */
  readonly imports: readonly string[];
  /** The imports without those that are for types only. */
  readonly runtimeImports: readonly string[];
};

/** Every TypeScript file that git tracks or would track. */
export function readSourceTree(): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', '*.ts'], { encoding: 'utf8' });
  return listed
    .split('\n')
    .filter((path) => path !== '' && existsSync(path))
    .sort()
    .map(readSource);
}

function readSource(path: string): SourceFile {
  return parseSource(path, readFileSync(path, 'utf8'));
}

export function parseSource(path: string, text: string): SourceFile {
  const found = [...text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\s+from\s+)?['"]([^'"]+)['"]/gm)];
  const resolved = found.map(([, typeOnly, specifier = '']) => ({
    typeOnly: typeOnly !== undefined,
    target: specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : specifier,
  }));
  const dynamic = [...text.matchAll(/\bimport\(\s*['"](\.[^'"]+)['"]\s*\)/g)].map(([, specifier = '']) =>
    normalize(join(dirname(path), specifier)),
  );
  const named = [...text.matchAll(/['"](\.{1,2}\/[^'"\s]+\.ts)['"]/g)].map(([, specifier = '']) =>
    normalize(join(dirname(path), specifier)),
  );
  return {
    path,
    text,
    lines: text.replace(/\n$/, '').split('\n'),
    imports: [...new Set([...resolved.map((one) => one.target), ...dynamic, ...named])],
    runtimeImports: [...new Set([...resolved.filter((one) => !one.typeOnly).map((one) => one.target), ...dynamic])],
  };
}

export type FunctionSpan = { readonly name: string; readonly line: number; readonly length: number };

/** Functions that span several lines, found by the indentation that the formatter gives them. */
export function functionSpans(file: SourceFile): FunctionSpan[] {
  const spans: FunctionSpan[] = [];
  const opening =
    /^(\s*)(?:export )?(?:(?:async )?function\*? (\w+)|(?:const|let) (\w+)(?::[^=]+)? = (?:async )?(?:\([^)]*\)|\w+)(?:: [^=]+)? =>|(?:async )?(\w+)\([^)]*\)(?:: [^{]+)? )/;
  file.lines.forEach((line, index) => {
    const match = opening.exec(line);
    if (!match || !/[{(]$/.test(line)) return;
    const indent = match[1] ?? '';
    const name = match[2] ?? match[3] ?? match[4] ?? '?';
    if (/^(if|for|while|switch|catch|describe|it|test|return)$/.test(name)) return;
    const closing = file.lines.findIndex(
      (one, at) => at > index && one.startsWith(`${indent}}`) && !/^\s*}[:)] /.test(one),
    );
    const end = file.lines.findIndex((one, at) => at > index && new RegExp(`^${indent}\\}[;,)]*$`).test(one));
    const last = end === -1 ? closing : end;
    if (last > index) spans.push({ name, line: index + 1, length: last - index + 1 });
  });
  return spans;
}
