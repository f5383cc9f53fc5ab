// The rules for the code, as data and small functions. Each rule returns lines `path:line: what, and what instead`.

import { citationRules } from './citations.ts';
import { dialectRules } from './dialect.ts';
import { languageRules } from './language.ts';
import { findRoomCircles } from './room.ts';
import { functionSpans, type SourceFile } from './source-tree.ts';

export type Rule = { readonly name: string; readonly find: (files: readonly SourceFile[]) => string[] };

const maximumSourceLines = 300;
const maximumTestLines = 600;
const maximumFunctionLines = 60;
const maximumMedianLines = 130;

const isTest = (file: SourceFile): boolean => file.path.startsWith('test/');
const isSource = (file: SourceFile): boolean => !isTest(file) && !file.path.endsWith('.config.ts');
const folderOf = (path: string): string => path.split('/')[0] ?? '';

const readsEnvironment = new Set(['aws/environment.ts', 'worker/worker.ts', 'worker/kept-worker.ts']);

/** Folder → folders that it may import from, in addition to itself. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  core: [],
  engine: ['core'],
  api: ['core', 'engine'],
  aws: ['core'],
  lambdas: ['core', 'engine', 'api', 'aws'],
  infra: ['core', 'aws/dynamo/tables.ts'],
  worker: [],
  machine: ['core/operator/request.ts', 'worker/remove-folder.ts', 'worker/starter/probe.ts'],
  embedded: [
    'core',
    'engine',
    'api',
    'machine',
    'worker/remove-folder.ts',
    'worker/kept-worker.ts',
    'worker/channel.ts',
    'aws/dynamo/tables.ts',
    'aws/dynamo/expression.ts',
    'aws/s3/disposition.ts',
  ],
  emulation: ['core', 'engine', 'aws', 'machine', 'worker/remove-folder.ts'],
  cli: ['core/operator/request.ts', 'embedded', 'emulation', 'machine', 'worker/enter.ts'],
  bench: ['cli', 'embedded', 'emulation', 'machine', 'core'],
};

const perFile = (find: (file: SourceFile) => string[]) => (files: readonly SourceFile[]) => files.flatMap(find);
const perLine = (applies: (file: SourceFile) => boolean, pattern: RegExp, message: string) =>
  perFile((file) =>
    applies(file)
      ? file.lines.flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}: ${message}`] : []))
      : [],
  );

export const rules: readonly Rule[] = [
  {
    name: 'file length',
    find: perFile((file) => {
      const max = isTest(file) ? maximumTestLines : maximumSourceLines;
      const { length } = file.lines;
      return length > max ? [`${file.path}:${max}: ${length} lines; at most ${max}: split it by concept`] : [];
    }),
  },
  {
    name: 'median length',
    find: (files) => {
      const lengths = files
        .filter(isSource)
        .map((file) => file.lines.length)
        .sort((a, b) => a - b);
      const median = lengths[Math.floor(lengths.length / 2)] ?? 0;
      return median > maximumMedianLines ? [`.:1: the median source file has ${median} lines; keep it near 100`] : [];
    },
  },
  {
    name: 'function length',
    find: perFile((file) =>
      isTest(file)
        ? []
        : functionSpans(file)
            .filter((span) => span.length > maximumFunctionLines)
            .map(
              (span) =>
                `${file.path}:${span.line}: ${span.name} has ${span.length} lines; at most ${maximumFunctionLines}`,
            ),
    ),
  },
  {
    name: 'names',
    find: perFile((file) => {
      if (file.path.endsWith('.config.ts')) return [];
      const parts = file.path.replace(/\.(test\.|d\.)?ts$/, '').split('/');
      const vague = parts.find((part) => /(^|-)(utils?|helpers?|common|manager|service|misc)(-|$)/.test(part));
      // Operations keep the API's camelCase.
      const odd = parts.find((part) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part) && !file.path.startsWith('api/ops/'));
      if (vague) return [`${file.path}:1: "${vague}" names nothing; use the domain word`];
      return odd ? [`${file.path}:1: "${odd}"; files and folders are kebab-case`] : [];
    }),
  },
  {
    name: 'opening comment',
    find: perFile((file) =>
      /^(#!.*\n)?(\/\/|\/\*)/.test(file.text) || file.path.endsWith('.config.ts')
        ? []
        : [`${file.path}:1: no opening comment; say in one or two sentences what the file does`],
    ),
  },
  {
    name: 'default exports',
    find: perLine((file) => !file.path.endsWith('.config.ts'), /^export default /, 'a default export; export a name'),
  },
  {
    name: 'barrels',
    find: perLine(isSource, /^export (\*|(type )?\{[^}]*\}) from /, 're-exports; import from where it is defined'),
  },
  {
    name: 'escape hatches',
    find: perLine(
      () => true,
      /@ts-(ignore|nocheck|expect-error)|biome-ign[o]re|\bas an[y]\b|[:<|] ?any ?[;,)>\]=|]/,
      'an escape from the types',
    ),
  },
  {
    name: 'spreads of undefined',
    find: perLine(
      () => true,
      /\.\.\.\(.* === undefined \? \{\} :/,
      'a spread that leaves out undefined; let the type say `| undefined`, or use given() of core/given.ts',
    ),
  },
  // The pattern has to name the words that it looks for. This line is none of them.
  { name: 'open ends', find: perLine(() => true, /\/\/.*\b(TODO|FIXME|XXX)\b/, 'an open end; do it or file an issue') },
  {
    name: 'pure core',
    find: perLine(
      (file) => file.path.startsWith('core/'),
      /Date\.now\(|new Date\(\)|Math\.random\(|process\.|setTimeout\(|from 'node:(?!crypto)/,
      'core is pure: now, random bytes and facts are arguments',
    ),
  },
  {
    name: 'environment',
    find: perLine(
      (file) => /^(core|engine|api|aws|lambdas|worker)\//.test(file.path) && !readsEnvironment.has(file.path),
      /process\.env\b/,
      'one place reads the environment per program',
    ),
  },
  {
    name: 'row keys',
    find: perLine(
      (file) => isSource(file) && !file.path.startsWith('core/row/'),
      /['"`](?:[A-Z]#|!doom#|tree#|token#|connection#)|#(?:exec|links|upload)['"`]|\b[ps]k: ['"`]|(?<!typeof )\bsk [!=]== ['"`]/,
      'a literal key of a row; build or test keys with core/row',
    ),
  },
  {
    name: 'row casts',
    find: perLine(
      (file) => isSource(file) && !file.path.startsWith('core/row/'),
      /\bas unknown as\b/,
      'a cast that checks nothing; read rows with core/row, and give other values their type',
    ),
  },
  { name: 'layers', find: perFile(layerBreaks) },
  {
    name: 'SDK',
    find: perFile((file) =>
      file.imports
        .filter((target) => target.startsWith('@aws-sdk/') && !/^(aws|test|bench)\//.test(file.path))
        .map((target) => `${file.path}:1: imports ${target}; only aws/ imports an SDK`),
    ),
  },
  { name: 'import cycles', find: cycles },
  { name: 'room circles', find: findRoomCircles },
  { name: 'dead files', find: deadFiles },
  ...dialectRules,
  ...citationRules,
  ...languageRules,
];

function layerBreaks(file: SourceFile): string[] {
  const from = folderOf(file.path);
  const allowed = arrows[from];
  if (!allowed) return [];
  return file.imports
    .filter((target) => target.endsWith('.ts') && folderOf(target) !== from && arrows[folderOf(target)] !== undefined)
    .filter((target) => !allowed.some((one) => target === one || target.startsWith(`${one}/`)))
    .map((target) => `${file.path}:1: imports ${target}; ${from} may import ${allowed.join(', ') || 'nothing'} only`);
}

function cycles(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path))
      found.push(`${path}:1: imports itself through ${trail.slice(trail.indexOf(path)).join(' → ')}`);
    if (done.has(path) || trail.includes(path)) return;
    for (const target of byPath.get(path)?.imports ?? []) if (byPath.has(target)) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const file of files) visit(file.path, []);
  return found;
}

const entryPoint =
  /^(lambdas\/[^/]+\.ts|infra\/app\.ts|cli\/(espalier|build-package)\.ts|worker\/worker\.ts|bench\/bench\.ts|test\/.*\.test\.ts|test\/campaign\/.*|test\/tidy\/check-commits\.ts|.*\.config\.ts|.*\.d\.ts)$/;

function deadFiles(files: readonly SourceFile[]): string[] {
  const imported = new Set(files.flatMap((file) => file.imports));
  // Programs that are started by path (threads, child processes) are named in a string.
  const named = (path: string): boolean =>
    files.some((file) => file.path !== path && file.text.includes(path.split('/').slice(-1)[0] ?? path));
  return files
    .filter((file) => !entryPoint.test(file.path) && !imported.has(file.path) && !named(file.path))
    .map((file) => `${file.path}:1: nothing imports it; delete it`);
}
