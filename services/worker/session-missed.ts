/**
 * Runs of numbers that a session skipped and that are further below its highest than numbers are told apart, ascending,
 * first and last of each. They count as had, but for copies of events that waited unclaimed: these may come long after
 * what their sender sent later.
 */
export type Runs = number[];

/** A run that is forgotten counts as had for good, so the shortest is. */
const MOST_RUNS = 8;
/** Two numbers below 2^53, and what stands between them. */
const RUN_LENGTH = 34;

function forgetShortest(runs: Runs): void {
  let shortest = 0;
  for (let at = 2; at < runs.length; at += 2)
    if (runs[at + 1]! - runs[at]! < runs[shortest + 1]! - runs[shortest]!) shortest = at;
  runs.splice(shortest, 2);
}

/** Adds a run that is above all that are there. */
export function addMissed(runs: Runs | null, first: number, last: number): Runs {
  if (runs === null) return [first, last];
  if (runs.at(-1) === first - 1) runs[runs.length - 1] = last;
  else runs.push(first, last);
  if (runs.length > 2 * MOST_RUNS) forgetShortest(runs);
  return runs;
}

/** Takes a number out of the run that it is in; false when it is in none. */
export function takeOut(runs: Runs, number: number): boolean {
  let at = runs.length - 2;
  while (at >= 0 && runs[at]! > number) at -= 2;
  const last = runs[at + 1];
  if (at < 0 || last! < number) return false;
  const left: number[] = [];
  if (runs[at]! < number) left.push(runs[at]!, number - 1);
  if (number < last!) left.push(number + 1, last!);
  runs.splice(at, 2, ...left);
  return true;
}

/** As `takeOut`, of runs that may become too many by it. */
export function takeMissed(runs: Runs, number: number): boolean {
  if (!takeOut(runs, number)) return false;
  if (runs.length > 2 * MOST_RUNS) forgetShortest(runs);
  return true;
}

/** `0-3976,5001-5001` */
export function writeMissed(runs: Runs): string {
  let text = '';
  for (let at = 0; at < runs.length; at += 2) text += `${at === 0 ? '' : ','}${runs[at]}-${runs[at + 1]}`;
  return text;
}

/** How many characters `writeMissed` gives at most, without making them. */
export const lengthOfMissed = (runs: Runs): number => (RUN_LENGTH / 2) * runs.length;

/** The inverse of `writeMissed`; null when the text is none of its for a session that tells `lowest` and above apart. */
export function readMissed(text: string, lowest: number): Runs | null {
  const runs = text.split(/[,-]/).map(Number);
  const isAscending = runs.every((number, at) => {
    const before = runs[at - 1] ?? -1;
    return number < lowest && (at % 2 === 0 ? number > before : number >= before);
  });
  return isAscending && runs.length % 2 === 0 && runs.length <= 2 * MOST_RUNS ? runs : null;
}
