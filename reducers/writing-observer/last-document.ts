import { studentEventReducer, unchanged } from 'lectern/reducers';
import { documentIdOf } from './document-id.ts';

/** The document that a student worked on last. */
export const lastDocument = studentEventReducer(
  { nullState: { document_id: '' } },
  function lastDocument(event, state) {
    const id = documentIdOf(event);
    return id === null || id === state.document_id ? unchanged : { document_id: id };
  },
);
