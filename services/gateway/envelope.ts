import type { SourceClaim } from '../shared/control/claim-record.ts';
import { type Envelope, type EventCodec, MAX_NUMBER } from '../shared/event.ts';
import type { OutgoingRecord } from '../shared/log/port.ts';
import { BLOBS, eventsTopic, UNCLAIMED } from '../shared/topics.ts';
import type { Numbers } from './acks.ts';
import { blobNameOf, SAVE_BLOB } from './blob-frame.ts';
import { withDocId } from './doc-id.ts';
import type { Frame } from './frame.ts';
import { objectText } from './json-text.ts';
import { NO_ROSTER } from './roster.ts';
import type { Sender } from './sender.ts';
import type { ReceivedEvent } from './session.ts';
import { createStamp, type Stamp } from './stamp.ts';
import { DEFAULT_STAMP_RULES, STAMPED } from './stamp-rules.ts';
import { usableName } from './usable-name.ts';

const ID_CHARS = 200;

/** A sender's own name for something: kept only when it is usable. */
const givenName = (value: unknown): string | null => usableName(value, ID_CHARS);

function givenSequence(value: unknown): number | null {
  const isGiven = Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_NUMBER;
  return isGiven ? (value as number) : null;
}

/**
 * A sender's name for something as it goes into the log. A sender's names hold within one source, and blobs of all
 * sources share a topic, where the same name must not make a duplicate.
 */
function nameInTopic(name: string | null, frame: Frame): string | null {
  if (name === null || frame.event !== SAVE_BLOB) return name;
  return JSON.stringify([blobNameOf(frame).source, name]);
}

/** The locked fields, with what was stamped in the place of fields of the same names. */
function stamped({ locked }: ReceivedEvent, stamps: ReadonlyMap<string, string>): Map<string, string> {
  const members = new Map(locked.members);
  for (const name of STAMPED) members.delete(name);
  for (const [name, text] of stamps) members.set(name, text);
  return members;
}

/** How a sender numbered an event, where it did so usably. */
export function numbersOf(fields: Readonly<Record<string, unknown>>): Numbers {
  return { session: givenName(fields.session), sequence: givenSequence(fields.sequence) };
}

/** What the client sent, and `auth` after it: as it came, or put together again when something in it is not its own. */
function clientText(frame: Frame, auth: string): string {
  const { text } = frame;
  if (text === null) return objectText([...frame.members, ['auth', auth]]);
  const fields = text.slice(text.indexOf('{'), text.lastIndexOf('}')).trimEnd();
  return `${fields},"auth":${auth}}`;
}

interface Given {
  /** JSON text. */
  readonly server: string;
  readonly stamps: ReadonlyMap<string, string>;
  readonly newId: () => string;
}

/**
 * The envelope of an event. The client's fields keep their exact text; ours are `auth`, in `client` and in `metadata`,
 * and class, resource and teacher in `metadata`. The id is fixed here, before the first attempt to send.
 */
function toEnvelope(event: ReceivedEvent, { server, stamps, newId }: Given): Envelope {
  const { fields } = event.frame;
  const auth = JSON.stringify(event.auth);
  return {
    id: nameInTopic(givenName(fields.id), event.frame) ?? newId(),
    source: typeof fields.source === 'string' ? fields.source : '',
    type: event.frame.event,
    key: event.auth.safe_user_id,
    session: nameInTopic(givenName(fields.session), event.frame),
    sequence: givenSequence(fields.sequence),
    receivedAt: event.receivedAt,
    client: clientText(event.frame, auth),
    server,
    metadata: objectText([...stamped(event, stamps), ['auth', auth]]),
  };
}

/** An event ready to be appended. */
export interface EventRecord {
  readonly record: OutgoingRecord;
  /** As its sender knows it. */
  readonly id: string;
  /** As it is in the log: another one for a blob to which the sender gave an id. */
  readonly idInLog: string;
  /** Whether the sender chose the id, so that it may come again. */
  readonly ownId: boolean;
  readonly sourceKnown: boolean;
}

export type Claims = Pick<ReadonlyMap<string, Pick<SourceClaim, 'switched'>>, 'get'>;

export interface EventRecordDeps {
  readonly namespace: string;
  /** The sources that have a topic of their own. Events of any other, or none, go to the unclaimed topic. */
  readonly sources: readonly string[];
  /** By source, live: those that got a topic at run time. Without it none did. */
  readonly claims?: Claims | undefined;
  readonly codec: EventCodec;
  readonly newId: () => string;
  /** By the default rules unless given. */
  readonly stamp?: Stamp;
}

/** `server` is JSON text; the sender is for what its launch said. */
export type ToEventRecord = (event: ReceivedEvent, server: string, sender?: Sender) => EventRecord;

export function createToEventRecord(deps: EventRecordDeps): ToEventRecord {
  const topics = new Map(deps.sources.map((source) => [source, eventsTopic(deps.namespace, source)]));
  const unclaimed = eventsTopic(deps.namespace, UNCLAIMED);
  const blobs = eventsTopic(deps.namespace, BLOBS);
  const topicOf = (source: string): string | undefined => {
    const topic = topics.get(source);
    if (topic !== undefined || deps.claims?.get(source)?.switched !== true) return topic;
    // There are as many as claims, and none is taken back.
    const claimed = eventsTopic(deps.namespace, source);
    topics.set(source, claimed);
    return claimed;
  };
  const stamp = deps.stamp ?? createStamp({ rules: DEFAULT_STAMP_RULES, roster: NO_ROSTER });
  return (received, server, sender) => {
    // First of all: states and archive have an older sender's event as if it had said its document.
    const event = { ...received, frame: withDocId(received.frame) };
    const stamps = stamp(event, sender);
    const envelope = toEnvelope(event, { server, stamps, newId: deps.newId });
    const topic = event.frame.event === SAVE_BLOB ? blobs : topicOf(envelope.source);
    const ownId = givenName(event.frame.fields.id);
    return {
      record: { topic: topic ?? unclaimed, key: envelope.key, value: deps.codec.encode(envelope) },
      id: ownId ?? envelope.id,
      idInLog: envelope.id,
      ownId: ownId !== null,
      sourceKnown: topic !== undefined,
    };
  };
}
