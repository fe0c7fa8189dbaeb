import type { LearningEvent } from 'lectern/reducers';

/** A document that is being worked on. An address of one of several accounts, `/document/u/0/d/`, is none. */
const DOCUMENT_URL = /^https:\/\/docs\.google\.com\/document\/d\/[^\s/?#]+\/[a-z]+/;

const isId = (value: unknown): value is string | number =>
  (typeof value === 'string' && value !== '') || typeof value === 'number';

/** The document that an event is about: `doc_id`, or the id of an object that is a document; null when it is none. */
export function documentIdOf({ client }: LearningEvent): string | null {
  if (isId(client.doc_id)) return String(client.doc_id);
  const { url, id } = (client.object ?? {}) as { readonly url?: unknown; readonly id?: unknown };
  return isId(id) && typeof url === 'string' && DOCUMENT_URL.test(url) ? String(id) : null;
}

/** What a sender calls its document, where it says so. */
export function titleOf({ client }: LearningEvent): string | null {
  const { title } = (client.object ?? {}) as { readonly title?: unknown };
  return typeof title === 'string' ? title : null;
}
