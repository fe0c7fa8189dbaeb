import { eventField, KeyField, reducer, Scope } from 'lectern/reducers';

/** Keeps the text of the blob and not its value, so that it comes back to the letter: 1e400, 2^53 + 1, names twice. */
export const lastBlob = reducer(
  { nullState: '', scope: Scope([KeyField.STUDENT, eventField('blob_source'), eventField('blob_activity')]) },
  function lastBlob({ client }) {
    return client.blob_text as string;
  },
);
