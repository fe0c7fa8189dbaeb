import type { LongObject } from 'lectern/reducers';
import { type Command, isCommand, listOf } from './commands.ts';
import { openTextDocument, type TextDocument } from './text-document.ts';

/** Commands within commands: deeper than any editor goes, and than a stack could. */
const MAX_DEPTH = 100;

const wants = ({ ty }: Command, field: string, what: string): TypeError =>
  new TypeError(`a command of the type ${String(ty)} needs ${field}, ${what}`);

function integerIn(command: Command, field: string): number {
  const found = command[field];
  if (!Number.isInteger(found)) throw wants(command, field, 'an integer');
  return found as number;
}

/** A place in a text, which counts from 1: what is below is the first. */
const placeIn = (command: Command, field: string): number => Math.max(1, integerIn(command, field));

function textIn(command: Command, field: string): string {
  const text = command[field];
  if (typeof text !== 'string') throw wants(command, field, 'a text');
  return text;
}

function replaceIn(document: TextDocument, entry: Command): void {
  const text = textIn(entry, 's');
  const count = entry.sl === undefined ? text.length : Math.max(0, integerIn(entry, 'sl'));
  document.replace(placeIn(entry, 'ibi'), count, text);
}

/** The tab that a command is about: the last name of one; null for the document's own text. */
function tabOf({ nmr }: Command): string | null {
  const names = listOf(nmr).filter((name) => typeof name === 'string' && name.startsWith('t.'));
  return (names.at(-1) as string | undefined) ?? null;
}

type Apply = (state: LongObject, path: readonly string[], command: Command, depth: number) => void;

const applyAll: Apply = (state, path, { mts }, depth) => {
  for (const command of listOf(mts)) if (isCommand(command)) applyCommand(state, path, command, depth - 1);
};

const replaceAll: Apply = (state, path, { snapshot }) => {
  for (const entry of listOf(snapshot))
    if (isCommand(entry) && entry.ty === 'is') replaceIn(openTextDocument(state, path), entry);
};

const APPLY: ReadonlyMap<unknown, Apply> = new Map<unknown, Apply>([
  [
    'is',
    (state, path, command) =>
      openTextDocument(state, path).insert(placeIn(command, 'ibi'), textIn(command, 's')),
  ],
  [
    'ds',
    (state, path, command) =>
      openTextDocument(state, path).remove(placeIn(command, 'si'), placeIn(command, 'ei')),
  ],
  ['mlti', applyAll],
  ['rplc', replaceAll],
  ['rvrt', replaceAll],
  [
    'nm',
    (state, path, command, depth) => {
      const tab = tabOf(command);
      if (!isCommand(command.nmc)) return;
      const within = tab === null ? path : ['tabs', tab];
      // From here on there is such a tab, whatever the command does to it.
      openTextDocument(state, within);
      applyCommand(state, within, command.nmc, depth - 1);
    },
  ],
]);

function applyCommand(state: LongObject, path: readonly string[], command: Command, depth: number): void {
  if (depth < 0) throw new RangeError(`commands lie deeper than ${MAX_DEPTH} within one another`);
  APPLY.get(command.ty)?.(state, path, command, depth);
}

/**
 * Applies commands of the editor to a document: `is` puts in, `ds` takes out, `rplc` and `rvrt` replace, `mlti` is several
 * of them and `nm` one for a tab. All others change no text. Throws for one without a position or text that it needs.
 */
export function applyCommands(state: LongObject, commands: readonly Command[]): void {
  for (const command of commands) applyCommand(state, [], command, MAX_DEPTH);
}
