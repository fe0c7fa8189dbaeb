import {
  addMissed,
  lengthOfMissed,
  type Runs,
  readMissed,
  takeMissed,
  takeOut,
  writeMissed,
} from './session-missed.ts';

/**
 * Which sequence numbers of one session were had: the highest, and of the 1,024 below it those that were not. What is
 * further below counts as had, because it cannot be told apart any more: a session that is sent again after an hour is
 * dropped as a whole, and so is an event that was overtaken by more than 1,024 others.
 */
export interface Sequences {
  highest: number;
  /** When the log appended the event that last added to it, in milliseconds. */
  timestamp: number;
  /** First and last of each run of numbers that were not had, ascending; null for none. */
  gaps: number[] | null;
  /** Those that were not had further below, of which only copies know anything; null for none. */
  missed: Runs | null;
}

/** How far below the highest numbers are told apart. */
const TOLD_APART = 1_024;
/** More gaps than this are shorter as a bitmap. */
const MOST_LISTED = 32;
const BITMAP_BYTES = TOLD_APART / 8;
const TEXT = /^(\d+),(-?\d+)(?:,(?:~([\w-]+)|(\d[\d,-]*)))?(?:;(\d+-\d+(?:,\d+-\d+)*))?$/;

/** A session from its first event on, whose number may be any: those below may have been overtaken by it. */
export function firstOf(sequence: number, timestamp: number): Sequences {
  const lowest = Math.max(0, sequence - TOLD_APART);
  return {
    highest: sequence,
    timestamp,
    gaps: sequence === 0 ? null : [lowest, sequence - 1],
    missed: lowest === 0 ? null : [0, lowest - 1],
  };
}

/** What is too far below the highest is told apart no more. */
function trim(sequences: Sequences, gaps: number[]): void {
  const lowest = sequences.highest - TOLD_APART;
  while (gaps.length > 0 && gaps[0]! < lowest) {
    sequences.missed = addMissed(sequences.missed, gaps[0]!, Math.min(gaps[1]!, lowest - 1));
    if (gaps[1]! < lowest) gaps.splice(0, 2);
    else gaps[0] = lowest;
  }
  if (gaps.length === 0) sequences.gaps = null;
}

function raise(sequences: Sequences, sequence: number): void {
  const { highest } = sequences;
  sequences.highest = sequence;
  if (sequence > highest + 1) {
    sequences.gaps ??= [];
    sequences.gaps.push(highest + 1, sequence - 1);
  }
  if (sequences.gaps !== null) trim(sequences, sequences.gaps);
}

/** Takes a number out of the gap that it is in; false when it is in none. */
function fillGap(sequences: Sequences, sequence: number): boolean {
  const { gaps } = sequences;
  if (gaps === null || !takeOut(gaps, sequence)) return false;
  if (gaps.length === 0) sequences.gaps = null;
  return true;
}

function fillMissed(sequences: Sequences, sequence: number): boolean {
  const { missed } = sequences;
  if (missed === null || !takeMissed(missed, sequence)) return false;
  if (missed.length === 0) sequences.missed = null;
  return true;
}

/**
 * Adds a number of 0 or more; false, and nothing changed, when it was had. A copy of an event that waited unclaimed is
 * told apart further below, too.
 */
export function addSequence(
  sequences: Sequences,
  sequence: number,
  timestamp: number,
  isCopy = false,
): boolean {
  if (sequence > sequences.highest) raise(sequences, sequence);
  else if (!fillGap(sequences, sequence) && !(isCopy && fillMissed(sequences, sequence))) return false;
  sequences.timestamp = timestamp;
  return true;
}

function bitmapOf(highest: number, gaps: readonly number[]): string {
  const bytes = Buffer.alloc(BITMAP_BYTES);
  for (let at = 0; at < gaps.length; at += 2)
    for (let number = gaps[at]!; number <= gaps[at + 1]!; number++) {
      const below = highest - 1 - number;
      bytes[below >> 3]! |= 1 << (below & 7);
    }
  return bytes.toString('base64url');
}

function gapsOfBitmap(highest: number, text: string): number[] | null {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== BITMAP_BYTES) return null;
  const gaps: number[] = [];
  for (let below = TOLD_APART - 1; below >= 0; below--) {
    if (((bytes[below >> 3]! >> (below & 7)) & 1) === 0) continue;
    const number = highest - 1 - below;
    if (gaps.at(-1) === number - 1) gaps[gaps.length - 1] = number;
    else gaps.push(number, number);
  }
  return gaps;
}

function listOf(highest: number, gaps: readonly number[]): string {
  let text = '';
  for (let at = 0; at < gaps.length; at += 2) {
    const [first, last] = [highest - gaps[at]!, highest - gaps[at + 1]!];
    text += first === last ? `,${first}` : `,${first}-${last}`;
  }
  return text;
}

function gapsOfList(highest: number, text: string): number[] | null {
  const gaps: number[] = [];
  for (const run of text.split(',')) {
    const [first, last = first] = run.split('-').map(Number);
    gaps.push(highest - first!, highest - last!);
  }
  const isAscending = gaps.every((number, at) => {
    const before = gaps[at - 1] ?? highest - TOLD_APART - 1;
    return number < highest && (at % 2 === 0 ? number > before : number >= before);
  });
  return isAscending ? gaps : null;
}

function textOfGaps(highest: number, gaps: readonly number[]): string {
  return gaps.length > 2 * MOST_LISTED ? `,~${bitmapOf(highest, gaps)}` : listOf(highest, gaps);
}

/**
 * `<highest>,<timestamp>`, and where there are gaps, how far below the highest each begins and ends: `70,1750000000000`
 * when all were had, `70,1750000000000,9,5-2` when 61 and 65 to 68 were not. Many gaps make a bitmap after a `~`, so that
 * they take no more than some 200 characters. After a `;` what was missed further below.
 */
export function writeSequences({ highest, timestamp, gaps, missed }: Sequences): string {
  const text = `${highest},${timestamp}${gaps === null ? '' : textOfGaps(highest, gaps)}`;
  return missed === null ? text : `${text};${writeMissed(missed)}`;
}

/** Highest and timestamp, and what stands before a bitmap. */
const NUMBERS_LENGTH = 32;
/** Of four digits, with the comma or hyphen before it. */
const LISTED_LENGTH = 5;
const BITMAP_LENGTH = Math.ceil((BITMAP_BYTES * 4) / 3);

function lengthOfGaps(gaps: readonly number[]): number {
  return gaps.length > 2 * MOST_LISTED ? BITMAP_LENGTH : LISTED_LENGTH * gaps.length;
}

/** How many characters `writeSequences` gives at most, without making them. */
export function lengthOfSequences({ gaps, missed }: Sequences): number {
  const ofGaps = gaps === null ? 0 : lengthOfGaps(gaps);
  return NUMBERS_LENGTH + ofGaps + (missed === null ? 0 : lengthOfMissed(missed));
}

/** The inverse of `writeSequences`; null when the text is none of its. */
export function readSequences(text: string): Sequences | null {
  const match = TEXT.exec(text);
  if (match === null) return null;
  const [, number, timestamp, bitmap, list, runs] = match;
  const highest = Number(number);
  let gaps: number[] | null = null;
  if (bitmap !== undefined) gaps = gapsOfBitmap(highest, bitmap);
  else if (list !== undefined) gaps = gapsOfList(highest, list);
  const missed = runs === undefined ? null : readMissed(runs, highest - TOLD_APART);
  const isBroken =
    (gaps === null && (bitmap ?? list) !== undefined) || (missed === null && runs !== undefined);
  return isBroken ? null : { highest, timestamp: Number(timestamp), gaps, missed };
}
