// Rules that the files, headings and names of code exist that a comment or a document cites. They find comments that
// still name a thing after it was renamed or removed.

import { dirname, join, normalize } from 'node:path';
import { namesOfOthers } from './exceptions.ts';
import { lineAt, type Prose, readProse } from './prose.ts';
import { anchor, type Repository, readRepository } from './repository.ts';
import type { SourceFile } from './source-tree.ts';

/** Something that prose names, and its place. */
type Citation = { readonly text: string; readonly place: number };
type CitationRule = { readonly name: string; readonly find: (files: readonly SourceFile[]) => string[] };

export const citationRules: readonly CitationRule[] = [
  rule('cited files', missingFiles, (file) => `no file or folder "${file}"; name the one that is there`),
  rule('cited headings', missingHeadings, (heading) => `no heading ${heading}; cite one that is there`),
  rule('cited names', missingNames, (name) => `no "${name}" in the code; name what is there`),
];

function rule(
  name: string,
  missing: (prose: Prose, repository: Repository) => Citation[],
  message: (text: string) => string,
): CitationRule {
  return {
    name,
    find: (files) => {
      const repository = readRepository();
      const proses = [...files.map(({ path, text }) => readProse(path, text)), ...repository.documents];
      const found = proses.flatMap((prose) =>
        missing(prose, repository).map(({ text, place }) => `${prose.path}:${lineAt(prose, place)}: ${message(text)}`),
      );
      return [...new Set(found)];
    },
  };
}

/** Paths with an ending anywhere, and paths to folders that are marked as code or begin with a folder of the root. */
function missingFiles(prose: Prose, repository: Repository): Citation[] {
  const folders = find(prose, folderPath).filter(({ text }) => repository.paths.has(text.split('/')[0] ?? ''));
  return [...find(prose, filePath), ...folders, ...find(prose, markedPath)].filter(
    ({ text }) => !isFile(text, prose.path, repository) && !isFileOfOthers(text, repository),
  );
}

/** A path may begin at the root, at the file that names it, or at its room. A name alone may be in any folder. */
function isFile(text: string, from: string, { paths, names }: Repository): boolean {
  const room = from.split('/')[0] ?? '';
  const whole = text.replace(/\/$/, '');
  const places = [whole, normalize(join(dirname(from), whole)), join(room, whole)];
  return places.some((place) => paths.has(place)) || (!whole.includes('/') && names.has(whole));
}

/** Jobs, clients and builds write files outside the repository (`job_input.json`). Texts in the code hold their names. */
function isFileOfOthers(text: string, { paths, code }: Repository): boolean {
  return !/\.(ts|md)$/.test(text) && !paths.has(text.split('/')[0] ?? '') && code.includes(text);
}

/** Headings that are cited after a document, and links into documents. */
function missingHeadings(prose: Prose, repository: Repository): Citation[] {
  const cited = [...prose.text.matchAll(headings)].flatMap(({ 1: file = '', 2: list = '', index }) =>
    [...list.matchAll(/"([^"]+)"/g)].map(([, heading = '']) => ({ file, heading, place: index })),
  );
  const linked = [...prose.text.matchAll(/\]\(([^)#\s]*)#([^)\s]+)\)/g)].map(
    ({ 1: file = '', 2: heading = '', index }) => ({
      file: file === '' ? prose.path : join(dirname(prose.path), file),
      heading,
      place: index,
    }),
  );
  return [...cited, ...linked]
    .filter(({ file, heading }) => !repository.headings.get(file)?.has(anchor(heading)))
    .map(({ file, heading, place }) => ({ text: `"${heading.replace(/\s+/g, ' ')}" in ${file}`, place }));
}

/** Names that are marked as code, and words that are written like code. */
function missingNames(prose: Prose, { words }: Repository): Citation[] {
  const others = new Set(namesOfOthers.map(({ name }) => name));
  return [...find(prose, markedName), ...find(prose, wordOfCode)].flatMap(({ text, place }) =>
    text
      .split('.')
      .filter((word) => !words.has(word) && !others.has(word))
      .map((word) => ({ text: word, place })),
  );
}

function find(prose: Prose, pattern: RegExp): Citation[] {
  return [...prose.text.matchAll(pattern)].map(({ 1: text = '', index }) => ({ text, place: index }));
}

const filePath = /(?<![\w/.@:<>$*{}…-])((?:[\w.-]+\/)*[\w-][\w.-]*\.(?:ts|md|json|sh|py))(?![\w/*-])/g;
const folderPath = /(?<![\w/.@:<>$*{}…-])([\w-]+(?:\/[\w-]+)+)(?:\/(?=[<*{…$])|\/?(?![\w/.*<{…-]))/g;
const markedPath = /`([A-Za-z.](?:[\w.-]*\/)+[\w.-]*)`/g;
const headings = /([\w./-]+\.md),?((?:(?:\s|,|and|to)*\s"[^"\0]+")+)/g;
const markedName = /`(?![\da-f]{32}`)([A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)(?:\(\))?`/g;
const wordOfCode = /(?<![\w`/.$<"'-])([a-z]+(?:[A-Z][a-z0-9]+)+|[A-Z]+(?:_[A-Z0-9]+)+)(?![\w`/.$>"'-])/g;
