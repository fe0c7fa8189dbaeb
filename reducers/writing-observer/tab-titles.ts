import type { LearningEvent } from 'lectern/reducers';
import { type Command, historyCommands, isCommand, listOf, savedCommands } from './commands.ts';

export interface TabTitle {
  readonly tab: string;
  /** Null for a tab that has none yet. */
  readonly title: string | null;
}

/** The tab of a document that never had another. */
const FIRST_TAB = 't.0';

/** What stands in arrays within arrays; undefined where there is nothing. */
function at(value: unknown, ...path: readonly number[]): unknown {
  return path.reduce<unknown>((found, index) => listOf(found)[index], value);
}

function titleOf(tab: unknown, title: unknown): readonly TabTitle[] {
  if (typeof tab !== 'string' || tab === '') return [];
  return [{ tab, title: typeof title === 'string' ? title : null }];
}

function titlesOf({ ty, d, mts }: Command, depth: number): readonly TabTitle[] {
  if (ty === 'ucp') return titleOf(at(d, 0), at(d, 1, 1, 1));
  if (ty === 'mkch') return titleOf(FIRST_TAB, at(d, 0, 1));
  if (ty === 'ac') return titleOf(at(d, 0), at(d, 1, 1));
  if (ty !== 'mlti' || depth === 0) return [];
  return listOf(mts)
    .filter(isCommand)
    .flatMap((command) => titlesOf(command, depth - 1));
}

/** Deeper than any editor goes, and than a stack could. */
const MAX_DEPTH = 100;

/** The titles that an event's commands give to tabs, in order. */
export function tabTitles(event: LearningEvent): readonly TabTitle[] {
  return [...savedCommands(event), ...historyCommands(event)].flatMap((command) =>
    titlesOf(command, MAX_DEPTH),
  );
}
