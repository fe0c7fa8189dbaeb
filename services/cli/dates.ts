import { InvalidArgumentError } from 'commander';

/** A day of UTC as archives name their folders, `YYYY-MM-DD`. */
export function parseDay(text: string): string {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
  if (isDay && new Date(text).toISOString().startsWith(text)) return text;
  throw new InvalidArgumentError('must be a day as 2026-09-30');
}
