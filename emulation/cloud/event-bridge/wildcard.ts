// The wildcard operator: `*` stands for any characters, `\*` and `\\` for themselves. Pure; it knows no other operator.
import { refuse } from './pattern-error.ts';

/**
 * A test for strings. Two `*` in a row and escapes of other characters are refused, as by EventBridge. It matches piece by
 * piece from the left, so its time is bounded by text times pieces, whatever the pattern.
 */
export function compileWildcard(pattern: string): (leaf: unknown) => boolean {
  const pieces = splitAtStars(pattern);
  const [first = '', ...others] = pieces;
  const last = others.pop();
  return (leaf) => {
    if (typeof leaf !== 'string') return false;
    if (last === undefined) return leaf === first;
    if (!leaf.startsWith(first)) return false;
    let position = first.length;
    for (const piece of others) {
      const found = leaf.indexOf(piece, position);
      if (found < 0) return false;
      position = found + piece.length;
    }
    return leaf.length - last.length >= position && leaf.endsWith(last);
  };
}

function splitAtStars(pattern: string): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern.charAt(index);
    if (character === '*') {
      if (pattern[index + 1] === '*') throw refuse(`Consecutive wildcard characters at pos ${index}`);
      pieces.push(piece);
      piece = '';
    } else if (character === '\\') {
      index += 1;
      const escaped = pattern.charAt(index);
      if (escaped !== '*' && escaped !== '\\') throw refuse(`Invalid escape character at pos ${index - 1}`);
      piece += escaped;
    } else piece += character;
  }
  return [...pieces, piece];
}
