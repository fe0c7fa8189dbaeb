import { type Frame, type ParsedFrame, type Problem, problem } from './frame.ts';
import { membersOf, objectText, splitJson } from './json-text.ts';

/** What a connection has locked so far: written over the fields of every later event. Never changed, only replaced. */
export interface LockedFields {
  readonly fields: Readonly<Record<string, unknown>>;
  /** The same as the exact text of their values. */
  readonly members: ReadonlyMap<string, string>;
}

export const NOTHING_LOCKED: LockedFields = { fields: {}, members: new Map() };

/** Written over those of all events, one of these would make one event, or none, of many. */
const OWN_OF_EACH = ['event', 'id', 'sequence'] as const;

export type Locking =
  | { readonly kind: 'locked'; readonly locked: LockedFields }
  | { readonly kind: 'problem'; readonly problem: Problem };

/**
 * Merges a `lock_fields` frame: when it names a source other than the locked one, or none. A frame that names the
 * locked source again changes nothing, as in Learning Observer, whose clients repeat their fields on a reconnect.
 */
export function mergeLocked(locked: LockedFields, frame: Frame, maxBytes: number): Locking {
  const added = frame.fields.fields;
  if (typeof added !== 'object' || added === null || Array.isArray(added))
    return problem('fields: must be a JSON object', 'put the fields to lock into it');
  const fields = added as Readonly<Record<string, unknown>>;
  for (const name of OWN_OF_EACH)
    if (name in fields)
      return problem(`fields.${name}: cannot be locked, because each event has its own`, 'leave it out');
  if (fields.source !== undefined && typeof fields.source !== 'string')
    return problem('fields.source: must be a string');
  if (fields.source !== undefined && fields.source === locked.fields.source)
    return { kind: 'locked', locked };
  const members = new Map(locked.members);
  const text = frame.members.get('fields')!;
  for (const [name, value] of membersOf(splitJson(text, Number.POSITIVE_INFINITY).parts))
    members.set(name, value);
  // Who somebody is, is found out here; nobody says it of themselves.
  members.delete('auth');
  const { auth: _auth, ...merged } = { ...locked.fields, ...fields };
  if (Buffer.byteLength(objectText(members)) > maxBytes)
    return problem(
      `fields: all locked fields of a connection may have at most ${maxBytes} bytes`,
      'lock less',
    );
  return { kind: 'locked', locked: { fields: merged, members } };
}

function checked(frame: Frame): ParsedFrame {
  const { source } = frame.fields;
  return source === undefined || typeof source === 'string'
    ? { kind: 'frame', frame }
    : problem('source: must be a string', 'name the kind of sender in it');
}

/** The frame with the locked fields over its own, and without an `auth` of its own. */
export function writeLockedOver(frame: Frame, locked: LockedFields): ParsedFrame {
  if (locked.members.size === 0 && !('auth' in frame.fields)) return checked(frame);
  const { auth: _auth, ...fields } = { ...frame.fields, ...locked.fields };
  const members = new Map(frame.members);
  for (const [name, value] of locked.members) members.set(name, value);
  members.delete('auth');
  return checked({ event: String(fields.event), fields, members, text: null });
}
