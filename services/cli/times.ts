import { InvalidArgumentError } from 'commander';
import { parseDay } from './dates.ts';

const DAY_MS = 86_400_000;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

function parseTime(text: string): number {
  const time = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new InvalidArgumentError('must be a day as 2026-09-30 (UTC), or a time as 2026-09-30T08:00Z');
}

const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text);

/** The first millisecond of a day of UTC, or of a time. */
export function parseFrom(text: string): number {
  return isDay(text) ? Date.parse(parseDay(text)) : parseTime(text);
}

/** The first millisecond after a day of UTC; or of a time, which is the end itself. */
export function parseTo(text: string): number {
  return isDay(text) ? Date.parse(parseDay(text)) + DAY_MS : parseTime(text);
}

/** How many in a second, as `500/s` or `500`. */
export function parseRate(text: string): number {
  const [, digits] = /^(\d{1,9})(?:\/s)?$/.exec(text) ?? [];
  const rate = Number(digits ?? 0);
  if (rate > 0) return rate;
  throw new InvalidArgumentError('must be a number of events in a second, as 500/s');
}
