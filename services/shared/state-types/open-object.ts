import type { Json, LongList, LongObject, LongText } from '../reducer-api.ts';
import { atPath, placeAt } from './json-path.ts';
import { jsonText } from './json-text.ts';
import {
  type Head,
  MAX_TEXT_LENGTH,
  type Member,
  type Splice,
  writeChanges,
  writeHead,
} from './long-object-head.ts';
import type { Part } from './state-type.ts';

/** What came to members is moved from the head into a part once it has that many characters. */
const PART_LENGTH = 512;
/** Of what came to all members since the object was last cleared, as JSON. */
const MAX_BYTES = 64 * 1_048_576;
const MAX_MEMBERS = 1_000;

type Kind = Member['kind'];

/** By this it is decided when there is enough for a part. */
const lengthOf = (change: Splice | string): number =>
  typeof change === 'string' ? change.length : change[2].length + 8;

const named = (path: readonly string[]): string => JSON.stringify(path.join('.'));

/**
 * A long object in memory: of its long members no more than their lengths, and what came to them since the last part.
 * Where changes are cut into parts depends on them alone, so whoever folds the same events writes the same parts.
 */
export class OpenObject implements LongObject {
  readonly #nullState: Json;
  #head: Head;
  #waiting: Part[] = [];
  /** Of the tail's changes, about. */
  #tailLength = 0;
  /** The parts that are stored in vain since the object was cleared. */
  #cleared = 0;
  readonly #places = new Map<string, number>();

  constructor(head: Head, nullState: Json) {
    this.#head = head;
    this.#nullState = nullState;
    this.#index();
  }

  #index(): void {
    this.#places.clear();
    for (const [place, { path }] of this.#head.members.entries())
      this.#places.set(JSON.stringify(path), place);
    this.#tailLength = 0;
    for (const list of this.#head.tail.values()) for (const one of list) this.#tailLength += lengthOf(one);
  }

  get version(): number {
    return this.#head.version;
  }

  get waiting(): number {
    return this.#waiting.length + this.#cleared;
  }

  get(...path: string[]): Json | undefined {
    this.#refuseLong(path);
    const found = atPath(this.#head.json, path);
    return typeof found === 'object' ? structuredClone(found) : found;
  }

  set(path: readonly string[], value: Json): void {
    this.#refuseLong(path);
    const written = jsonText(value);
    if (written.kind === 'fault')
      throw new TypeError(`${named(path)} cannot be set: ${written.reason.replace(/^state/, 'the value')}`);
    if (typeof value !== 'object' && atPath(this.#head.json, path) === value) return;
    placeAt(this.#head.json, path, JSON.parse(written.text) as Json);
    this.#head.version += 1;
  }

  text(...path: string[]): LongText {
    const place = this.#member(path, 'text');
    const member = this.#head.members[place]!;
    return {
      get length() {
        return member.length;
      },
      splice: (index, taken, put = '', times = 1) => this.#splice(place, [index, taken, put, times]),
    };
  }

  list(...path: string[]): LongList {
    const place = this.#member(path, 'list');
    const member = this.#head.members[place]!;
    return {
      get length() {
        return member.length;
      },
      append: (item) => this.#append(place, item),
    };
  }

  clear(): void {
    const { version, parts } = this.#head;
    this.#cleared += parts - this.#head.first - this.#waiting.length;
    this.#waiting = [];
    this.#head = { ...emptyHead(this.#nullState), version: version + 1, first: parts, parts };
    this.#index();
  }

  /** A long member is neither read nor replaced as a whole, nor is what it lies in. */
  #refuseLong(path: readonly string[]): void {
    for (const { path: other, kind } of this.#head.members) {
      const shorter = Math.min(path.length, other.length);
      if (path.slice(0, shorter).every((name, at) => name === other[at]))
        throw new TypeError(`${named(path)} is or holds a long ${kind}: use ${kind}()`);
    }
  }

  #member(path: readonly string[], kind: Kind): number {
    const place = this.#places.get(JSON.stringify(path));
    if (place === undefined) return this.#create(path, kind);
    const found = this.#head.members[place]!.kind;
    if (found !== kind) throw new TypeError(`${named(path)} is a long ${found}, and no ${kind}`);
    return place;
  }

  #create(path: readonly string[], kind: Kind): number {
    const { members, json } = this.#head;
    if (members.length >= MAX_MEMBERS)
      throw new RangeError(`the object has ${MAX_MEMBERS} long members, and can have no more`);
    this.#refuseLong(path);
    const before = atPath(json, path);
    const isKind = kind === 'text' ? typeof before === 'string' : Array.isArray(before);
    if (before !== undefined && !isKind)
      throw new TypeError(`${named(path)} holds something else than a ${kind}`);
    // What it lies in must be an object, whatever comes there before it is read.
    placeAt(json, path, undefined);
    const place = members.length;
    this.#head = { ...this.#head, members: [...members, { path: [...path], kind, length: 0 }] };
    this.#places.set(JSON.stringify(path), place);
    this.#head.version += 1;
    if (typeof before === 'string') this.#splice(place, [0, 0, before]);
    else for (const item of (before ?? []) as Json[]) this.#append(place, item);
    return place;
  }

  #splice(place: number, [index, taken, put, times = 1]: Splice): void {
    const member = this.#head.members[place]!;
    const isCount = [index, taken, times].every((count) => Number.isInteger(count) && count >= 0);
    if (!isCount || index + taken > member.length)
      throw new RangeError(`splice(${index}, ${taken}) is not within a text of ${member.length}`);
    const length = member.length - taken + put.length * times;
    if (length > MAX_TEXT_LENGTH)
      throw new RangeError(`the text would have ${length} characters, ${MAX_TEXT_LENGTH} at most`);
    if (taken === 0 && put.length * times === 0) return;
    this.#grow(Buffer.byteLength(JSON.stringify(put)) + 8);
    const list = this.#listOf(place) as Splice[];
    const last = list.at(-1);
    // As one piece, as long as it is not in a part.
    const typesOn = last?.length === 3 && times === 1 && taken === 0 && last[0] + last[2].length === index;
    const splice: Splice = times === 1 ? [index, taken, put] : [index, taken, put, times];
    if (typesOn) list[list.length - 1] = [last[0], last[1], last[2] + put];
    else list.push(splice);
    member.length = length;
    this.#changed(typesOn ? put.length : lengthOf(splice));
  }

  #append(place: number, item: Json): void {
    const written = jsonText(item);
    if (written.kind === 'fault')
      throw new TypeError(`the item is not JSON: ${written.reason.replace(/^state/, 'item')}`);
    this.#grow(Buffer.byteLength(written.text) + 1);
    this.#listOf(place).push(written.text);
    this.#head.members[place]!.length += 1;
    this.#changed(lengthOf(written.text));
  }

  #listOf(place: number): (Splice | string)[] {
    const { tail } = this.#head;
    let list = tail.get(place);
    if (list === undefined) {
      list = [];
      tail.set(place, list);
    }
    return list;
  }

  #grow(bytes: number): void {
    const all = this.#head.bytes + bytes;
    if (all > MAX_BYTES) throw new RangeError(`the object would hold ${all} bytes, ${MAX_BYTES} at most`);
  }

  #changed(length: number): void {
    const head = this.#head;
    head.version += 1;
    this.#tailLength += length;
    if (this.#tailLength < PART_LENGTH) return;
    const text = writeChanges(head.members, head.tail);
    this.#waiting.push({ index: head.parts, text });
    head.parts += 1;
    head.bytes += Buffer.byteLength(text);
    head.tail.clear();
    this.#tailLength = 0;
  }

  takeWaiting(): readonly Part[] {
    const taken = this.#waiting;
    this.#waiting = [];
    this.#cleared = 0;
    return taken;
  }

  write(): string {
    return writeHead(this.#head);
  }
}

/** Of a key that has no state yet. */
export function emptyHead(nullState: Json): Head {
  const json = structuredClone(nullState) as Record<string, Json>;
  return { version: 0, first: 0, parts: 0, bytes: 0, members: [], json, tail: new Map() };
}
