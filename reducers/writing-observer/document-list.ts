import { studentEventReducer, unchanged } from 'lectern/reducers';
import { documentIdOf, titleOf } from './document-id.ts';
import { getNamed, setNamed } from './names.ts';

interface Document {
  readonly title?: string;
  readonly last_access: number;
}

const nullState: { readonly docs: Record<string, Document> } = { docs: {} };

/** The documents that a student worked on, with their titles and when that was last. */
export const documentList = studentEventReducer({ nullState }, function documentList(event, state) {
  const id = documentIdOf(event);
  if (id === null) return unchanged;
  const title = titleOf(event);
  const before = getNamed(state.docs, id);
  const named = title === null ? { ...before } : { ...before, title };
  setNamed(state.docs, id, { ...named, last_access: event.server.time });
  return state;
});
