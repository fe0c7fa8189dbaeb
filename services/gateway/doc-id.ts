import type { Frame } from './frame.ts';
import { membersOf, splitJson } from './json-text.ts';

/** A document that is being worked on. An address of one of several accounts, `/document/u/0/d/`, is none. */
const DOCUMENT_URL = /^https:\/\/docs\.google\.com\/document\/d\/[^\s/?#]+\/[a-z]+/;

/**
 * Older senders name a document only as `object`, whose `url` is the document's and whose `id` is its id. Gives such a
 * frame the `doc_id` that newer ones have, as the exact text of `object.id`; leaves every field of the sender as it is,
 * a `doc_id` of null or '' too, and any other frame altogether.
 */
export function withDocId(frame: Frame): Frame {
  const { object } = frame.fields;
  if (typeof object !== 'object' || object === null || 'doc_id' in frame.fields) return frame;
  const { url, id } = object as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || id === '' || typeof url !== 'string' || !DOCUMENT_URL.test(url)) return frame;
  const inner = membersOf(splitJson(frame.members.get('object')!, Number.POSITIVE_INFINITY).parts);
  return {
    event: frame.event,
    fields: { ...frame.fields, doc_id: id },
    members: new Map([...frame.members, ['doc_id', inner.get('id')!]]),
    text: null,
  };
}
