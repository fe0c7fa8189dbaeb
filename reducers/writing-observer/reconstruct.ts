import { longObject, reducer, unchanged } from 'lectern/reducers';
import { historyCommands, savedCommands } from './commands.ts';
import { applyCommands } from './document-commands.ts';

/** A document without a text, where no edit was made yet. */
const nullState = { text: '', position: 0, edit_metadata: { cursor: [], length: [] } };

/**
 * The text of a document as its editor's commands made it, and of each of its tabs under `tabs`: `{text, position,
 * edit_metadata: {cursor, length}}`, where the last two have, of each edit, where it left the cursor, and how long the
 * text was then. What saved it says what changed; what gives its history begins anew.
 */
export const reconstruct = reducer(
  { name: 'reconstruct', stateType: longObject, nullState },
  function reconstruct(event, state) {
    if (event.client.event === 'google_docs_save') applyCommands(state, savedCommands(event));
    else if (event.client.event === 'document_history') {
      state.clear();
      applyCommands(state, historyCommands(event));
    } else return unchanged;
    return state;
  },
);
