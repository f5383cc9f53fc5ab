// Lists everything that prose may cite: the files of the checkout, the headings of its documents, and every word of its
// code.

import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { type Prose, readProse, withoutComments } from './prose.ts';

export type Repository = {
  /** Files and folders, from the root. */
  readonly paths: ReadonlySet<string>;
  /** Names of files and folders alone. */
  readonly names: ReadonlySet<string>;
  /** Markdown documents, and the comments of scripts. */
  readonly documents: readonly Prose[];
  /** Document → anchors of its headings. */
  readonly headings: ReadonlyMap<string, ReadonlySet<string>>;
  /** Everything except comments and documents. The reference pages count as code, because they hold names of others. */
  readonly code: string;
  readonly words: ReadonlySet<string>;
};

/** Reads once, because rules do not change files. */
export function readRepository(): Repository {
  read ??= readAll();
  return read;
}

function readAll(): Repository {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' });
  const files = listed.split('\n').filter((path) => path !== '' && statSync(path, { throwIfNoEntry: false })?.isFile());
  const folders = files.flatMap((path) => path.split('/').map((_, depth, parts) => parts.slice(0, depth).join('/')));
  const paths = new Set([...files, ...folders]);
  const documents = files
    .filter((path) => /\.(md|py|sh)$|^\.ci\/|Dockerfile$/.test(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
  const code = files.filter(isCode).map(readCode).join('\n');
  return {
    paths,
    names: new Set([...paths].map((path) => path.split('/').at(-1) ?? '')),
    documents: documents.filter(({ path }) => path !== history).map(({ path, text }) => readProse(path, text)),
    headings: new Map(documents.map(({ path, text }) => [path, headingsOf(text)])),
    code,
    words: new Set([...(code.match(/[A-Za-z_$][\w$]*/g) ?? []), ...Object.getOwnPropertyNames(globalThis)]),
  };
}

/** The anchor that GitHub makes of a heading. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replace(/\s+/g, '-');
}

function headingsOf(document: string): Set<string> {
  return new Set([...document.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchor(heading)));
}

function isCode(path: string): boolean {
  return path.startsWith('docs/reference/') || !/\.(md|gz|png|svg|bam|fastq)$|^package-lock\.json$/.test(path);
}

function readCode(path: string): string {
  const text = readFileSync(path, 'utf8');
  return path.endsWith('.ts') ? withoutComments(text) : text;
}

let read: Repository | undefined;
/** The history names things that existed at the time. */
const history = 'CHANGELOG.md';
