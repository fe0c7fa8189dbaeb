import { type LearningEvent, studentEventReducer, unchanged } from 'lectern/reducers';
import { documentIdOf } from './document-id.ts';
import { setNamed } from './names.ts';

interface Accesses {
  readonly timestamps: Record<string, string>;
  last_document?: string;
}

const nullState: Accesses = { timestamps: {} };

/** In milliseconds: what the client says, else when the event came. */
function timestampOf({ client, server }: LearningEvent): string {
  const { ts } = (client.metadata ?? {}) as { readonly ts?: unknown };
  const isGiven = typeof ts === 'number' || (typeof ts === 'string' && ts !== '');
  return String(isGiven ? ts : Math.round(server.time * 1_000));
}

/** When a student went from one document to another, and to which. A page that comes into view is no such move. */
export const documentAccessTimestamps = studentEventReducer(
  { nullState },
  function documentAccessTimestamps(event, state) {
    const id = documentIdOf(event);
    if (id === null || event.client.event === 'visibility' || id === state.last_document) return unchanged;
    setNamed(state.timestamps, timestampOf(event), id);
    state.last_document = id;
    return state;
  },
);
