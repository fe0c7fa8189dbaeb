/** An escape of half a surrogate pair. */
const MAYBE_HALF = /\\u[dD][89a-fA-F]/;
/** Every escape of a JSON text in order, a whole pair as one, so that a backslash that is escaped begins none. */
const ESCAPES =
  /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\./gs;
const HALF_LENGTH = '\\ud800'.length;

/**
 * A JSON text without halves of surrogate pairs, each of which becomes the replacement character U+FFFD. Tools that cut an
 * emoji in two send them and JSON allows them, but most readers refuse the text, DuckDB even the whole file.
 */
export function wholePairs(json: string): string {
  if (!MAYBE_HALF.test(json)) return json;
  return json.replace(ESCAPES, (found) => (found.length === HALF_LENGTH ? '\\ufffd' : found));
}

/** A text without halves of surrogate pairs, as JSON escapes give them; UTF-8 has none. */
export function wholeText(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
