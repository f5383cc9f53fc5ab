// Matches a name against a glob in time linear in both: `*` and `?` only, `\` escapes, no brackets (dx-api.md §7.1).

/** Characters that a glob may have: it is compared with every name of a search. */
export const maximumPatternLength = 512;

/** The test for a glob; the whole name must match. */
export function globMatcher(glob: string): (name: string) => boolean {
  const tokens = readGlob(glob);
  return (name) => matches(tokens, [...name]);
}

const anything = Symbol('*');
const anyOne = Symbol('?');
type Token = string | typeof anything | typeof anyOne;

function readGlob(glob: string): Token[] {
  const tokens: Token[] = [];
  const characters = [...glob];
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] ?? '';
    const escaped = character === '\\' ? characters[index + 1] : undefined;
    if (escaped !== undefined) {
      tokens.push(escaped);
      index++;
    } else if (character === '*') {
      if (tokens.at(-1) !== anything) tokens.push(anything);
    } else tokens.push(character === '?' ? anyOne : character);
  }
  return tokens;
}

/** Only the last `*` ever has to be tried again: what an earlier one could take, a later one can too. */
function matches(tokens: readonly Token[], name: readonly string[]): boolean {
  let token = 0;
  let star = -1;
  let starAt = 0;
  for (let at = 0; at < name.length; ) {
    const wanted = tokens[token];
    if (wanted === anything) {
      star = token++;
      starAt = at;
    } else if (wanted === anyOne || wanted === name[at]) {
      token++;
      at++;
    } else if (star >= 0) {
      token = star + 1;
      at = ++starAt;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === anything);
}
