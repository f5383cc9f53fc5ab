// The rules for the dialect: names and places of constants, the line after the header, and classes.

import type { SourceFile } from './source-tree.ts';

type DialectRule = { readonly name: string; readonly find: (files: readonly SourceFile[]) => string[] };

export const dialectRules: readonly DialectRule[] = [
  {
    name: 'constant names',
    find: (files) =>
      files.flatMap(({ path, lines }) =>
        lines.flatMap((line, index) => {
          const at = `${path}:${index + 1}`;
          const upper = /^\s*(?:export )?(?:const|let) ([A-Z][A-Z0-9_]+)\b/.exec(line)?.[1];
          const short = /^(?:export )?const ((?:max|min)[A-Z]\w*)/.exec(line)?.[1];
          return [
            ...(upper ? [`${at}: "${upper}" is in upper case; constants are camelCase`] : []),
            ...(short ? [`${at}: "${short}" is shortened; limits are named maximum… or minimum…`] : []),
          ];
        }),
      ),
  },
  { name: 'constants last', find: (files) => files.filter(isSource).flatMap(earlyConstants) },
  { name: 'line after the header', find: (files) => files.flatMap(crowdedHeader) },
  { name: 'classes', find: statefulClasses },
];

/** A constant of the file's own stands after the functions, unless something reads it while the module loads. */
function earlyConstants(file: SourceFile): string[] {
  const statements = statementsOf(file);
  const lastFunction = statements.findLastIndex(({ kind }) => kind === 'function');
  return statements
    .slice(0, Math.max(lastFunction, 0))
    .filter((one) => one.kind === 'constant' && !isReadAtLoad(one, statements))
    .map(({ name, line }) => `${file.path}:${line}: "${name}" stands before functions; move it to the end of the file`);
}

type Statement = {
  readonly kind: 'constant' | 'function' | 'type' | 'other';
  readonly name: string;
  readonly line: number;
  readonly text: string;
};

/** Top-level statements. The formatter indents everything in them but their last line. */
function statementsOf({ lines }: SourceFile): Statement[] {
  const starts = lines.flatMap((line, index) => (/^[a-z]/.test(line) ? [index] : []));
  return starts.map((start, index) => {
    const text = lines.slice(start, starts[index + 1]).join('\n');
    const [, word = '', name = ''] = /^(?:export )?(?:async )?(\w+)\*? (\w+)/.exec(text) ?? [];
    const isLiteral = /^const \w+(: [^=]+)? =\s+(-?\d|['"`/[{]|new (Set|Map)\b)/.test(text);
    const isFunction = word === 'function' || /^(export )?const \w+ = (async )?(\(|<|\w+ =>)/.test(text);
    const isType = word === 'type' || word === 'interface' || word === 'import';
    const kind = isFunction ? 'function' : isType ? 'type' : isLiteral ? 'constant' : 'other';
    return { kind, name, line: start + 1, text };
  });
}

/** True when a statement that is carried out at load names the constant, itself or through functions of the file. */
function isReadAtLoad(constant: Statement, statements: readonly Statement[]): boolean {
  const reached = new Set([constant]);
  for (const { name } of reached) {
    const word = new RegExp(`\\b${name}\\b`);
    for (const one of statements) if (one !== constant && one.kind !== 'type' && word.test(one.text)) reached.add(one);
  }
  return [...reached].some((one) => one !== constant && one.kind !== 'function');
}

function crowdedHeader({ path, lines }: SourceFile): string[] {
  const first = lines[0]?.startsWith('#!') ? 1 : 0;
  if (!lines[first]?.startsWith('//')) return [];
  const next = lines.findIndex((line, index) => index > first && !line.startsWith('//'));
  return next === -1 || lines[next] === ''
    ? []
    : [`${path}:${next + 1}: the header comment is not followed by a blank line; add one`];
}

/** Classes are errors, or constructs and stacks of the CDK. */
function statefulClasses(files: readonly SourceFile[]): string[] {
  const classes = files.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => {
      const [, name = '', base = ''] =
        /^\s*(?:export )?(?:abstract )?class (\w+)(?:<.*>)?(?: extends (\w+))?/.exec(line) ?? [];
      return name === '' ? [] : [{ path, line: index + 1, name, base }];
    }),
  );
  const baseOf = new Map(classes.map(({ name, base }) => [name, base]));
  const isError = (name: string): boolean => name === 'Error' || (name !== '' && isError(baseOf.get(name) ?? ''));
  return classes
    .filter(({ path, base }) => !isError(base) && !(path.startsWith('infra/') && base !== ''))
    .map(({ path, line, name }) => `${path}:${line}: class ${name} is not an error; return an object of closures`);
}

const isSource = ({ path }: SourceFile): boolean => !path.startsWith('test/') && !path.endsWith('.config.ts');
