import { studentEventReducer, unchanged } from 'lectern/reducers';
import { documentIdOf, titleOf } from './document-id.ts';
import { getNamed, setNamed } from './names.ts';

const HASHTAG = /#([\p{L}\p{N}_]+)/gu;

const nullState: { readonly tags: Record<string, string[]> } = { tags: {} };

/** The documents that have a hashtag in their title, by the word. */
export const documentTagging = studentEventReducer({ nullState }, function documentTagging(event, state) {
  const id = documentIdOf(event);
  const title = titleOf(event);
  if (event.client.event !== 'document_history' || id === null || title === null) return unchanged;
  for (const [, word] of title.matchAll(HASHTAG)) {
    const documents = getNamed(state.tags, word!) ?? [];
    if (!documents.includes(id)) documents.push(id);
    setNamed(state.tags, word!, documents);
  }
  return state;
});
