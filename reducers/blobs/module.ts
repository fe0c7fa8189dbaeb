import type { ReducerEntry } from 'lectern/reducers';
import { lastBlob } from './last-blob.ts';

/**
 * What the gateway answers `fetch_blob` from: for each student, source and activity the blob that was saved last. The
 * gateway gives every saved blob, of whatever source, to this module alone.
 */
export const NAME = 'blobs';
export const VERSION = 1;
export const REDUCERS: ReducerEntry[] = [
  {
    context: '_blobs',
    function: lastBlob,
  },
];
