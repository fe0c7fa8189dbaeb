import { jsonFault } from '../json.ts';
import type { AppendList, Json } from '../reducer-api.ts';
import { beginningOf, type Head, joinParts, parseHead, partsOf, writeHead } from './append-list-head.ts';
import { jsonText } from './json-text.ts';
import type { Part, StateType } from './state-type.ts';

/** What `last` can give: these items are never moved out of the head, however few bytes they have. */
const KEPT_ITEMS = 8;
/** Items move from the head into a part once there are that many characters of them, besides those that are kept. */
const PART_LENGTH = 2_048;
/** Of all items' JSON, commas and brackets not counted. */
const MAX_BYTES = 64 * 1_048_576;

/**
 * Where items are cut into parts depends on the items alone, so whoever folds the same events writes the same parts,
 * and a part that is there already is written again with the same text.
 */
class OpenList implements AppendList {
  readonly #head: Head;
  /** Characters of the tail's items, without those that are kept in any case. */
  #movable = 0;
  #waiting: Part[] = [];

  constructor(head: Head) {
    this.#head = head;
    const { tail } = head;
    for (let index = 0; index < tail.length - KEPT_ITEMS; index++) this.#movable += tail[index]!.length;
  }

  get length(): number {
    return this.#head.length;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  append(item: Json): void {
    const written = jsonText(item);
    if (written.kind === 'fault')
      throw new TypeError(`the item is not JSON: ${written.reason.replace(/^state/, 'item')}`);
    const bytes = this.#head.bytes + Buffer.byteLength(written.text);
    if (bytes > MAX_BYTES) throw new RangeError(`the list would hold ${bytes} bytes, ${MAX_BYTES} at most`);
    const head = this.#head;
    head.bytes = bytes;
    head.length += 1;
    const kept = head.tail.push(written.text) - KEPT_ITEMS;
    if (kept <= 0) return;
    this.#movable += head.tail[kept - 1]!.length;
    if (this.#movable < PART_LENGTH) return;
    this.#waiting.push({ index: head.parts, text: `[${head.tail.splice(0, kept).join(',')}]` });
    head.parts += 1;
    this.#movable = 0;
  }

  last(count: number): Json[] {
    if (!Number.isInteger(count) || count < 0 || count > KEPT_ITEMS)
      throw new RangeError(`last(${count}): ask for 0 to ${KEPT_ITEMS} items; no more are kept in memory`);
    const { tail } = this.#head;
    return tail.slice(Math.max(0, tail.length - count)).map((text) => JSON.parse(text) as Json);
  }

  takeWaiting(): readonly Part[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  write(): string {
    return writeHead(this.#head);
  }
}

function openNew(nullState: Json): OpenList {
  const list = new OpenList({ length: 0, parts: 0, bytes: 0, tail: [] });
  for (const item of nullState as readonly Json[]) list.append(item);
  return list;
}

/**
 * A list that only grows. Its last items are in the head, all others in parts of some KiB: so a checkpoint writes what
 * was appended, and at most one part's worth again, and a worker reads only the head, however long the list is.
 */
export const appendListState: StateType<OpenList> = {
  name: 'append_list',
  // Of the head. The list's own limit is kept by `append`, where it costs the event that would exceed it.
  maxBytes: MAX_BYTES,
  nullFault(nullState) {
    if (!Array.isArray(nullState)) return 'must be the list that a key starts with, as []';
    const fault = jsonFault(nullState, 'nullState');
    return fault === null ? null : `must be JSON: ${fault}`;
  },
  open: (head, nullState) => (head === null ? openNew(nullState) : new OpenList(parseHead(head))),
  follow(list, returned) {
    if (returned !== list) throw new TypeError('return the list that the reducer got, or unchanged');
    return list;
  },
  version: (list) => list.length,
  waitingParts: (list) => list.waiting,
  settle: (list) => ({ kind: 'ok', text: list.write(), parts: list.takeWaiting(), same: true }),
  partRange: (head) => ({ from: 0, to: partsOf(head) }),
  lengthOf: beginningOf,
  plain: (head, parts) => joinParts(parseHead(head), parts),
};
