import { isPlainObject, jsonFault } from '../json.ts';
import type { Json } from '../reducer-api.ts';
import { placeAt } from './json-path.ts';
import { beginningOf, type Head, joinParts, parseHead, rangeOf, type Splice } from './long-object-head.ts';
import { emptyHead, OpenObject } from './open-object.ts';
import { splicedText } from './spliced-text.ts';
import type { StateType } from './state-type.ts';

function toPlain(head: Head, parts: readonly (string | null)[]): string {
  const all = joinParts(head, parts);
  for (const [place, { path, kind }] of head.members.entries()) {
    const changes = all.flatMap((one) => one.get(place) ?? []);
    const value =
      kind === 'text' ? splicedText(changes as Splice[]) : (JSON.parse(`[${changes.join(',')}]`) as Json);
    placeAt(head.json, path, value);
  }
  return JSON.stringify(head.json);
}

/**
 * A JSON object of which some members are long texts and lists. What comes to these is kept as what was done, in parts of
 * half a KiB, so a checkpoint writes that and one small head, and a worker, which needs only their lengths, reads the
 * head alone, however long they are. Who reads the object does again what was done.
 */
export const longObjectState: StateType<OpenObject> = {
  name: 'long_object',
  maxBytes: null,
  nullFault(nullState) {
    const isObject = typeof nullState === 'object' && nullState !== null && isPlainObject(nullState);
    if (!isObject) return 'must be the object that a key starts with';
    const fault = jsonFault(nullState, 'nullState');
    return fault === null ? null : `must be JSON: ${fault}`;
  },
  open: (head, nullState) =>
    new OpenObject(head === null ? emptyHead(nullState) : parseHead(head), nullState),
  follow(object, returned) {
    if (returned !== object) throw new TypeError('return the object that the reducer got, or unchanged');
    return object;
  },
  version: (object) => object.version,
  waitingParts: (object) => object.waiting,
  settle: (object) => ({ kind: 'ok', text: object.write(), parts: object.takeWaiting(), same: true }),
  partRange: rangeOf,
  lengthOf: beginningOf,
  plain: (head, parts) => toPlain(parseHead(head), parts),
};
