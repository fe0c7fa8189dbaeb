/**
 * A document as a string, edited by the rules that the product states, without anything that makes them fast: what the
 * reducer must come to.
 */
export interface PlainDocument {
  text: string;
  position: number;
  readonly edit_metadata: { readonly cursor: number[]; readonly length: number[] };
  tabs?: Record<string, PlainDocument>;
}

export function emptyDocument(): PlainDocument {
  return { text: '', position: 0, edit_metadata: { cursor: [], length: [] } };
}

export interface PlainCommand {
  readonly ty?: string;
  readonly [field: string]: unknown;
}

function note(document: PlainDocument, position: number): void {
  document.position = position;
  document.edit_metadata.length.push(document.text.length);
  document.edit_metadata.cursor.push(position);
}

function insert(document: PlainDocument, ibi: number, s: string): void {
  const next = document.text.length + 1;
  if (ibi > next) insert(document, next, '\u0000'.repeat(ibi - next));
  document.text = document.text.slice(0, ibi - 1) + s + document.text.slice(ibi - 1);
  note(document, ibi + s.length);
}

function remove(document: PlainDocument, si: number, ei: number): void {
  const last = document.text.length;
  if (si > last) insert(document, last + 1, '\u0000'.repeat(si - last));
  if (ei > last) insert(document, last + 1, '\u0000'.repeat(ei - last));
  document.text = document.text.slice(0, si - 1) + document.text.slice(Math.max(ei, si - 1));
  note(document, si);
}

function replace(document: PlainDocument, ibi: number, s: string, sl: number): void {
  const next = document.text.length + 1;
  if (ibi > next) insert(document, next, '\u0000'.repeat(ibi - next));
  document.text = document.text.slice(0, ibi - 1) + s + document.text.slice(ibi - 1 + sl);
}

const place = (value: unknown): number => Math.max(1, value as number);

function tabOf(root: PlainDocument, nmr: readonly unknown[]): PlainDocument | null {
  const name = nmr.filter((one): one is string => typeof one === 'string' && one.startsWith('t.')).at(-1);
  if (name === undefined) return null;
  root.tabs ??= {};
  if (!Object.hasOwn(root.tabs, name))
    Object.defineProperty(root.tabs, name, { value: emptyDocument(), enumerable: true });
  return root.tabs[name]!;
}

export function apply(root: PlainDocument, command: PlainCommand, document = root): void {
  const { ty } = command;
  if (ty === 'is') insert(document, place(command.ibi), command.s as string);
  else if (ty === 'ds') remove(document, place(command.si), place(command.ei));
  else if (ty === 'mlti')
    for (const one of command.mts as readonly PlainCommand[]) apply(root, one, document);
  else if (ty === 'rplc' || ty === 'rvrt') {
    for (const { ty: kind, ibi, s, sl } of command.snapshot as readonly PlainCommand[])
      if (kind === 'is')
        replace(document, place(ibi), s as string, (sl as number | undefined) ?? (s as string).length);
  } else if (ty === 'nm') {
    const tab = tabOf(root, command.nmr as readonly unknown[]);
    apply(root, command.nmc as PlainCommand, tab ?? document);
  }
}
