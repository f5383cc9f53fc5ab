// Rules on how comments and documents are worded. They find the phrases that made the first release hard to read.

import { lineAt, type Prose, readProse } from './prose.ts';
import { readRepository } from './repository.ts';
import type { SourceFile } from './source-tree.ts';

type Wording = { readonly pattern: RegExp; readonly instead: string };
type LanguageRule = { readonly name: string; readonly find: (files: readonly SourceFile[]) => string[] };

/** What a comment begins after: the start of the text, code, the end of a sentence, or the mark of a list item. */
const start = String.raw`(?<=^\s*|\0\s*|[.;!?]\s+|\n\s*[-*]\s+)`;
const wordings: readonly Wording[] = [
  { pattern: new RegExp(String.raw`${start}Of\s`, 'g'), instead: 'begin with the subject' },
  { pattern: /\bwhoever\b/gi, instead: 'name who it is: a caller, a user, a job' },
  { pattern: /\btold\b/gi, instead: 'write "reported" or "said"' },
  { pattern: /\banew\b/gi, instead: 'write "again"' },
  { pattern: /\bfor\s+want\s+of\b/gi, instead: 'write "because … is missing"' },
  { pattern: /\bto\s+be\s+had\b/gi, instead: 'write "available"' },
];
/** A header is everything before the first code. */
const header: Wording = { pattern: /\bknows?\s+(no|nothing|neither)\b/gi, instead: 'say what the file does' };

export const languageRules: readonly LanguageRule[] = [
  {
    name: 'plain language',
    find: (files) =>
      [...files.map(({ path, text }) => readProse(path, text)), ...readRepository().documents].flatMap((prose) => [
        ...wordings.flatMap((wording) => breaks(prose, prose.text, wording)),
        ...breaks(prose, prose.text.split('\0')[0] ?? '', header),
      ]),
  },
];

function breaks(prose: Prose, text: string, { pattern, instead }: Wording): string[] {
  return [...text.matchAll(pattern)].map(
    ({ 0: found, index }) =>
      `${prose.path}:${lineAt(prose, index)}: "${found.trim().replace(/\s+/g, ' ')}"; ${instead}`,
  );
}
