import type { Json } from './api.ts';

/** A column of the table: its heading, and the text of a state's cell. */
export interface Column {
  readonly name: string;
  readonly title: string;
  readonly isNumber: boolean;
  textOf(state: Json): string;
}

const MAX_COLUMNS = 6;
const MAX_TEXT_CHARS = 600;

function isObject(state: Json): state is { readonly [name: string]: Json } {
  return typeof state === 'object' && state !== null && !Array.isArray(state);
}

function numberText(value: Json | undefined): string {
  return typeof value === 'number' ? value.toLocaleString('en', { maximumFractionDigits: 2 }) : '';
}

function jsonText(state: Json): string {
  if (state === null) return '';
  const text = JSON.stringify(state);
  return text.length > MAX_TEXT_CHARS ? `${text.slice(0, MAX_TEXT_CHARS)}…` : text;
}

/** A heading from a name in code: `total_time_on_task` reads better as words. */
function titleOf(name: string): string {
  const words = name.replaceAll('_', ' ').trim();
  return words === '' ? name : words[0]!.toUpperCase() + words.slice(1);
}

const WHOLE: Column = { name: '', title: 'State', isNumber: false, textOf: jsonText };

/** Small states of numbers get a column for each; anything else is shown as it is, in one. */
export function columnsFor(states: Iterable<Json>): readonly Column[] {
  const names = new Set<string>();
  for (const state of states) {
    if (state === null) continue;
    const isSmall = isObject(state) && Object.values(state).every((value) => typeof value === 'number');
    if (isSmall) for (const name of Object.keys(state)) names.add(name);
    if (!isSmall || names.size > MAX_COLUMNS) return [WHOLE];
  }
  if (names.size === 0) return [WHOLE];
  return [...names].map((name) => ({
    name,
    title: titleOf(name),
    isNumber: true,
    textOf: (state) => (isObject(state) && Object.hasOwn(state, name) ? numberText(state[name]) : ''),
  }));
}
