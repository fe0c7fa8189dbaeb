import { jsonFault } from '../json.ts';
import { jsonText } from './json-text.ts';
import type { StateType } from './state-type.ts';

const NO_PARTS = [] as const;
const NOTHING = { from: 0, to: 0 } as const;

/** Plain JSON, the state type of reducers that declare none: written anew as a whole whenever it changed. */
export const jsonState: StateType = {
  name: 'json',
  maxBytes: null,
  nullFault(nullState) {
    const fault = jsonFault(nullState, 'nullState');
    return fault === null ? null : `must be JSON: ${fault}`;
  },
  open: (head, nullState) => JSON.parse(head ?? JSON.stringify(nullState)) as unknown,
  follow: (_value, returned) => returned,
  version: () => 0,
  waitingParts: () => 0,
  settle(value) {
    const written = jsonText(value);
    return written.kind === 'ok'
      ? { kind: 'ok', text: written.text, same: written.same, parts: NO_PARTS }
      : written;
  },
  partRange: () => NOTHING,
  lengthOf: () => null,
  plain: (head) => head,
};
