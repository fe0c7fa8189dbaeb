import { type ClientType, clientFault } from '../shared/client-schema.ts';
import type { Frame, Problem } from './frame.ts';

/** What is wrong with a frame, locked fields included, by the schema of its source; null when nothing is, or it has none. */
export type SourceFault = (frame: Frame) => Problem | null;

export function createSourceFault(types: ReadonlyMap<string, ClientType>): SourceFault {
  return ({ fields }) => {
    const { source } = fields;
    const type = typeof source === 'string' ? types.get(source) : undefined;
    const fault = type === undefined ? null : clientFault(type, fields);
    return fault === null ? null : { error: fault, remedy: 'its source has a schema, which it must keep to' };
  };
}
