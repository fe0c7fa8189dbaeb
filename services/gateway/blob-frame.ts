import type { BlobName } from '../shared/blobs.ts';
import { type Frame, type ParsedFrame, problem } from './frame.ts';

export const SAVE_BLOB = 'save_blob';
export const FETCH_BLOB = 'fetch_blob';

export function isBlobFrame({ event }: Frame): boolean {
  return event === SAVE_BLOB || event === FETCH_BLOB;
}

/** Of a blob for which nobody named a source or an activity: the same as if this was named. */
const UNNAMED = 'default';
const NAME_CHARS = 200;

function nameIn(value: unknown): string | null {
  if (value === undefined || value === null || value === '') return UNNAMED;
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  return typeof text === 'string' && text.length <= NAME_CHARS ? text : null;
}

function withMembers(frame: Frame, added: Readonly<Record<string, string>>): Frame {
  const { blob: _blob, ...fields } = frame.fields;
  const members = new Map(frame.members);
  members.delete('blob');
  for (const [name, value] of Object.entries(added)) members.set(name, JSON.stringify(value));
  return { event: frame.event, fields: { ...fields, ...added }, members, text: null };
}

function tooLarge(text: string, maxBytes: number): boolean {
  return text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;
}

/**
 * Makes a blob frame ready for the module that keeps blobs, and leaves any other as it is. `blob_source` and
 * `blob_activity` say which of the student's blobs it is about. A `save_blob` has, instead of `blob`, `blob_text`: its
 * exact JSON text as a string, since as a value it would not come back to the letter. Whatever the sender had under these
 * names is replaced. `maxBytes` is what the state may have, which is that string as JSON.
 */
export function readyBlob(parsed: ParsedFrame, maxBytes: number): ParsedFrame {
  if (parsed.kind === 'problem') return parsed;
  const { frame } = parsed;
  if (!isBlobFrame(frame)) return parsed;
  const source = nameIn(frame.fields.source);
  const activity = nameIn(frame.fields.activity);
  if (source === null) return problem(`source: of a blob may have at most ${NAME_CHARS} characters`);
  if (activity === null)
    return problem(
      `activity: must be a string of at most ${NAME_CHARS} characters`,
      'name in it what the blob belongs to, or leave it out',
    );
  const names = { blob_source: source, blob_activity: activity };
  if (frame.event === FETCH_BLOB) return { kind: 'frame', frame: withMembers(frame, names) };
  const text = frame.members.get('blob');
  if (text === undefined) return problem('blob: must be there, any JSON', 'put into it what to keep');
  if (tooLarge(JSON.stringify(text), maxBytes))
    return problem(
      `blob: may have at most ${maxBytes} bytes, each quote and backslash in it counted twice`,
      'save less',
    );
  return { kind: 'frame', frame: withMembers(frame, { ...names, blob_text: text }) };
}

/** Which blob a frame is about that was made ready. */
export function blobNameOf({ fields }: Frame): BlobName {
  return { source: fields.blob_source as string, activity: fields.blob_activity as string };
}
