// Reads the prose of a file: the comments of a source file or a script, or a Markdown document without its code blocks.
// Everything else is blanked, so that a place in the prose has the line that it has in the file.

export type Prose = {
  readonly path: string;
  /** As long as the file. Comment marks are spaces, and every character of code is `outside`. */
  readonly text: string;
};

/** Stands for a character that is not prose. A name cannot contain it. */
const outside = '\0';

/** The prose of a source file, a Markdown document, or a script whose comments begin with `#`. */
export function readProse(path: string, text: string): Prose {
  const read = path.endsWith('.ts') ? commentProse : path.endsWith('.md') ? documentProse : scriptProse;
  return { path, text: withoutAddresses(read(text)) };
}

/** A source file without its comments, and so without names that only comments use. */
export function withoutComments(text: string): string {
  return text.replace(tokens, (token) => (isComment(token) ? blank(token, ' ') : token));
}

/** The line of a place in the prose, from 1. */
export function lineAt(prose: Prose, place: number): number {
  return prose.text.slice(0, place).split('\n').length;
}

function commentProse(text: string): string {
  let prose = '';
  let end = 0;
  for (const { 0: token, index } of text.matchAll(tokens)) {
    if (!isComment(token)) continue;
    prose += blank(text.slice(end, index), outside) + withoutMarks(token);
    end = index + token.length;
  }
  return prose + blank(text.slice(end), outside);
}

function documentProse(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, (block) => blank(block, outside));
}

function scriptProse(text: string): string {
  return text.replace(/^(\s*)(#(?!!))?(.*)$/gm, (line, space: string, mark: string | undefined, rest: string) =>
    mark === undefined ? blank(line, outside) : `${space} ${rest}`,
  );
}

function withoutMarks(comment: string): string {
  return comment.replace(/^\/\*+|\*\/$|^\/\/|(?<=\n\s*)\*(?!\/)/g, (mark) => blank(mark, ' '));
}

/** Addresses of public pages are not names of ours. */
function withoutAddresses(text: string): string {
  return text.replace(/https?:\/\/[^\s)`"'>\0]+/g, (address) => blank(address, outside));
}

function isComment(token: string): boolean {
  return token.startsWith('//') || token.startsWith('/*');
}

function blank(text: string, by: string): string {
  return text.replace(/\S/g, by);
}

/** Comments, and texts and regular expressions, in which `//` does not begin a comment. */
const tokens =
  /`(?:\\.|[^`\\])*`|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?<=[(,=:[!&|?{};+>\n]\s*|return )\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g;
