import { HIDDEN } from '../shared/state-key.ts';
import { jsonText } from '../shared/state-types/json-text.ts';
import type { Entry } from './entry.ts';

/**
 * How much more a checkpoint of a unit writes than what its states had before and its events hold: reducers may make much
 * out of small events. Lasts for all claims of a unit in a process, so that a checkpoint which was too large to be stored
 * is not made again.
 */
export interface Growth {
  /** At least 1. */
  readonly times: number;
  /** Whether anything was written or looked at yet. */
  readonly isKnown: boolean;
  /** A checkpoint is cut that is expected to write so many characters. */
  expect(length: number): void;
  /** It wrote so many. */
  wrote(length: number): void;
  /** Takes a look at states that nothing was written of yet, of which so many characters are expected. */
  look(entries: readonly Entry[], length: number): void;
}

const lengthOf = (value: unknown): number => {
  const written = jsonText(value);
  return written.kind === 'ok' ? written.text.length : 0;
};

/** What would be written of it now. Other types than JSON write what was appended, which is much like what came. */
function lengthNow({ reducer, value, external, textLength }: Entry): number {
  const internal = reducer.stateType === undefined ? lengthOf(value) : textLength;
  if (external === undefined || external === null || external === HIDDEN) return internal;
  return internal + (external.text?.length ?? lengthOf(external.value));
}

export function createGrowth(): Growth {
  let before = 1;
  let isKnown = false;
  let expected = 0;
  let written = 0;
  const times = (): number => (expected === 0 ? before : Math.max(1, written / expected, before * 0.9));
  const expect = (length: number): void => {
    before = times();
    expected = length;
    written = 0;
    isKnown ||= length > 0;
  };
  return {
    get times() {
      return times();
    },
    get isKnown() {
      return isKnown;
    },
    expect,
    wrote(length) {
      written += length;
    },
    look(entries, length) {
      expect(length);
      for (const entry of entries) written += lengthNow(entry);
    },
  };
}
