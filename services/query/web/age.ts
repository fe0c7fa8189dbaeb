/** Beyond this the data counts as behind: two rounds of the server's own check, and some time on the way. */
const BEHIND_SECONDS = 15;

export function isBehind(ageSeconds: number): boolean {
  return ageSeconds > BEHIND_SECONDS;
}

/** `just now`, `12 s ago`, `3 min ago`, `2 h ago`. */
export function ageText(ageSeconds: number): string {
  if (ageSeconds < 1) return 'just now';
  if (ageSeconds < 60) return `${Math.floor(ageSeconds)} s ago`;
  if (ageSeconds < 3_600) return `${Math.floor(ageSeconds / 60)} min ago`;
  return `${Math.floor(ageSeconds / 3_600)} h ago`;
}
