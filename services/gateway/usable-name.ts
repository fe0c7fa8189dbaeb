/** Whether a text survives the way through UTF-8. A lone surrogate does not: two names with one would become one. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** A value that can name somebody or something in a key: well-formed text of 1 to `maxChars` characters; else null. */
export function usableName(value: unknown, maxChars: number): string | null {
  const usable = typeof value === 'string' && value !== '' && value.length <= maxChars && isWellFormed(value);
  return usable ? value : null;
}
