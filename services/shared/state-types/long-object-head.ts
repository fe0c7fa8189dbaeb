import { z } from 'zod';
import { isPlainObject } from '../json.ts';
import type { Json } from '../reducer-api.ts';
import type { PartRange } from './state-type.ts';

/** So many characters are taken out at an index, and others put in there, some times one after another. */
export type Splice = readonly [index: number, taken: number, put: string, times?: number];

export const MAX_TEXT_LENGTH = 16 * 1_048_576;

/** A long text or list in an object. */
export interface Member {
  readonly path: readonly string[];
  readonly kind: 'text' | 'list';
  /** In UTF-16 units, or items. */
  length: number;
}

/** What came to members since the last part, by the members' places: splices of a text, the JSON of a list's items. */
export type Changes = Map<number, (Splice | string)[]>;

/** What is stored of an object besides its parts. */
export interface Head {
  /** How often the object was changed. */
  version: number;
  /** Its parts are those from `first` to below `parts`; those before went when it was cleared. */
  first: number;
  parts: number;
  /** Of these parts, in UTF-8. */
  bytes: number;
  readonly members: readonly Member[];
  /** The object without its long members. */
  readonly json: Record<string, Json>;
  readonly tail: Changes;
}

/** The changes of one part, or of a head's tail, as JSON: by member, its place and what came to it. */
export function writeChanges(members: readonly Member[], changes: Changes): string {
  const texts = [...changes].map(([place, list]) => {
    const isText = members[place]!.kind === 'text';
    return `[${place},[${list.map((one) => (isText ? JSON.stringify(one) : one)).join(',')}]]`;
  });
  return `[${texts.join(',')}]`;
}

export function writeHead({ version, first, parts, bytes, members, json, tail }: Head): string {
  const rest = JSON.stringify(members.map(({ path, kind, length }) => [path, kind, length]));
  const plain = JSON.stringify(json);
  const counts = `"version":${version},"first":${first},"parts":${parts},"bytes":${bytes}`;
  return `{${counts},"members":${rest},"json":${plain},"tail":${writeChanges(members, tail)}}`;
}

/** The counts of a stored head, as they are written before everything else. */
export function beginningOf(head: string): string {
  return head.slice(0, head.indexOf('"members"'));
}

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const changes = z.array(z.tuple([count, z.array(z.unknown())]));
const splice = z.union([
  z.tuple([count, count, z.string()]),
  z.tuple([count, count, z.string(), count.max(MAX_TEXT_LENGTH)]),
]);
const shape = z.object({
  version: count,
  first: count,
  parts: count,
  bytes: count,
  members: z.array(z.tuple([z.array(z.string()), z.enum(['text', 'list']), count])),
  json: z.custom<Record<string, Json>>((value) => isPlainObject(value as object)),
  tail: changes,
});

function toChanges(members: readonly Member[], given: z.infer<typeof changes>): Changes {
  return new Map(
    given.map(([place, list]) => {
      const member = members[place];
      if (member === undefined) throw new Error('it has changes of a member that it has not');
      return [
        place,
        member.kind === 'text' ? z.array(splice).parse(list) : list.map((one) => JSON.stringify(one)),
      ];
    }),
  );
}

function parse<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch {
    // What a parser says quotes what it read.
    throw new Error(`${what} of a stored object is not what was written`);
  }
}

/** Throws when it is no head; the message quotes nothing of it. */
export function parseHead(text: string): Head {
  return parse('the head', () => {
    const stored = shape.parse(JSON.parse(text));
    const members = stored.members.map(([path, kind, length]): Member => ({ path, kind, length }));
    return { ...stored, members, tail: toChanges(members, stored.tail) };
  });
}

const COUNTS = /^\{"version":\d+,"first":(\d+),"parts":(\d+),/;

/** The parts that a stored head goes with, told by its beginning. Throws as `parseHead` does. */
export function rangeOf(head: string): PartRange {
  const counts = COUNTS.exec(head);
  if (counts !== null) return { from: Number(counts[1]), to: Number(counts[2]) };
  const { first, parts } = parseHead(head);
  return { from: first, to: parts };
}

/** What came to the members, from the first part to the tail. Throws when a part is missing or is not of this head. */
export function joinParts(head: Head, parts: readonly (string | null)[]): readonly Changes[] {
  const missing = parts.indexOf(null);
  const expected = head.parts - head.first;
  if (parts.length !== expected || missing >= 0)
    throw new Error(`of the ${expected} parts of a stored object, one is missing: ${missing}`);
  const texts = parts as readonly string[];
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes !== head.bytes)
    throw new Error(`the parts of a stored object have ${bytes} bytes instead of ${head.bytes}`);
  const read = (text: string): Changes => toChanges(head.members, changes.parse(JSON.parse(text)));
  return [...texts.map((text) => parse('a part', () => read(text))), head.tail];
}
