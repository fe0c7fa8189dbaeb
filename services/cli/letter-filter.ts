import { type Command, InvalidArgumentError } from 'commander';
import { LecternError } from '../shared/errors.ts';
import type { OpenDeadLetter, Unit } from '../shared/state/port.ts';

/** Which dead letters are meant; a dead letter must pass all that are given. */
export interface LetterFilter {
  /** `<NAME>` or `<NAME>.v<VERSION>` */
  readonly module?: string;
  /** `<NAME>.<reducer>`, or the reducer's name alone. */
  readonly reducer?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly from?: number;
  /** Inclusive. */
  readonly to?: number;
  /** A part of the reason, in any case. */
  readonly reason?: string;
  readonly limit: number;
}

function number(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('must be a whole number from 0 on.');
  return value;
}

export function positive(text: string): number {
  const value = number(text);
  if (value === 0) throw new InvalidArgumentError('must be 1 or more.');
  return value;
}

export function withFilters(command: Command, limit: number): Command {
  return command
    .option('--module <name>', 'of this module: <NAME>, or <NAME>.v<VERSION>')
    .option('--reducer <name>', 'of this reducer: its name, or <NAME>.<reducer>')
    .option('--topic <topic>', 'of events in this topic')
    .option('--partition <n>', 'of this partition', number)
    .option('--offset <n>', 'of the event at this offset', number)
    .option('--from <offset>', 'of events from this offset on', number)
    .option('--to <offset>', 'of events up to this offset', number)
    .option('--reason <text>', 'whose reason contains this text')
    .option('--limit <n>', 'at most so many', positive, limit);
}

/** What is said when no dead letter is meant: one that was filtered out is not gone. */
export function noneFound({ limit: _, ...filters }: LetterFilter): string {
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  return isFiltered ? 'no open dead letter passes these filters' : 'no open dead letters';
}

/** Throws CONFIG_INVALID when no dead letter could pass. */
export function checkFilter({ from, to }: LetterFilter): void {
  if (from !== undefined && to !== undefined && from > to)
    throw new LecternError('CONFIG_INVALID', `--from ${from} lies beyond --to ${to}: exchange them`);
}

/** What can be told without the reason. */
export function isMeant(filter: LetterFilter, unit: Unit, letter: OpenDeadLetter): boolean {
  const { reducer, topic, partition, offset, from, to } = filter;
  const short = letter.reducer.slice(letter.reducer.indexOf('.') + 1);
  return (
    (reducer === undefined || reducer === letter.reducer || reducer === short) &&
    (topic === undefined || topic === unit.topic) &&
    (partition === undefined || partition === unit.partition) &&
    (offset === undefined || offset === letter.offset) &&
    letter.offset >= (from ?? 0) &&
    letter.offset <= (to ?? Number.POSITIVE_INFINITY)
  );
}
