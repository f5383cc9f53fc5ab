// Finds the word that a user probably meant.

/** A part of a sentence that names the nearest of some words, or nothing if none is near. */
export function didYouMean(typed: string, words: readonly string[]): string {
  const near = words
    .map((word) => ({ word, distance: word.startsWith(typed) && typed.length > 1 ? 0 : distanceOf(typed, word) }))
    .filter(({ word, distance }) => distance <= Math.max(1, Math.floor(word.length / 3)))
    .sort((left, right) => left.distance - right.distance);
  return near[0] === undefined ? '' : ` Did you mean "${near[0].word}"?`;
}

/** Letters to insert, to remove, to replace, or to exchange with their neighbour. */
function distanceOf(left: string, right: string): number {
  let before: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const next = [row];
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1];
      const isExchange =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      next[column] = Math.min(
        (next[column - 1] ?? 0) + 1,
        (last[column] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isExchange ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = last;
    last = next;
  }
  return last[right.length] ?? 0;
}
