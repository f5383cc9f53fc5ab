// Paths of folders as text: how they are read, checked and joined (docs/reference/api.md, "Folders").

export const root = '/';

/**
 * The names on a path from the root: `/` has none. Repeated slashes count as one, and a trailing one is ignored. If the
 * path or one of its names is not allowed, the problem is returned instead.
 */
export function parseFolder(path: string): { readonly names: string[] } | { readonly problem: string } {
  if (!path.startsWith('/')) return { problem: 'be a non-empty string starting with "/"' };
  if (Buffer.byteLength(path) >= maximumPathBytes) return { problem: `be shorter than ${maximumPathBytes} bytes` };
  const names = path.split('/').filter((name) => name !== '');
  if (names.length > maximumDepth) return { problem: `have at most ${maximumDepth} levels` };
  for (const name of names) {
    const problem = checkFolderName(name);
    if (problem !== undefined) return { problem };
  }
  return { names };
}

/** The path of names from the root. */
export function joinFolder(names: readonly string[]): string {
  return `/${names.join('/')}`;
}

function checkFolderName(name: string): string | undefined {
  if (name === '.' || name === '..') return `not have "${name}" as a name`;
  if (Buffer.byteLength(name) > maximumNameBytes) return `have names of at most ${maximumNameBytes} bytes`;
  if (/[\x00-\x1f]/.test(name)) return 'be free of control characters';
  return name.isWellFormed() ? undefined : 'be well-formed Unicode';
}

const maximumPathBytes = 10_240;
const maximumDepth = 128;
const maximumNameBytes = 2_048;
