import { z } from 'zod';
import { iriOf } from './caliper-context.ts';
import {
  type ElementLimits,
  elementFault,
  elementsOf,
  memberOf,
  type Refusal,
  readJson,
  refusal,
} from './exact-elements.ts';
import { createPace } from './pace.ts';
import { usableName } from './usable-name.ts';
import { agentId } from './xapi-actor.ts';

/** One of an envelope's data: an event, or the description of an entity. */
export interface Item {
  readonly kind: 'event' | 'entity';
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** Of an event its action. */
  readonly action: string;
  /** The IRI of whom it is about; null for an entity that is about nobody. */
  readonly agent: string | null;
}

export interface CaliperEnvelope {
  readonly kind: 'envelope';
  readonly sensor: string;
  readonly sendTime: string;
  readonly dataVersion: string;
  readonly items: readonly Item[];
}

/** The contexts of versions 1.1 and 1.2, and of the profiles that extend 1.1. */
export const VERSIONS =
  /^https?:\/\/purl\.imsglobal\.org\/ctx\/caliper\/v1p[12](?:\/[A-Za-z]+-extension)?\/?$/;
export const SUPPORTED_VERSIONS = [
  'http://purl.imsglobal.org/ctx/caliper/v1p1',
  'http://purl.imsglobal.org/ctx/caliper/v1p2',
] as const;

export const NAME_CHARS = 2_000;
const EVENT_ID_CHARS = 200;

function text(maxChars: number) {
  const message = `must be there, text of 1 to ${maxChars} characters without half of a surrogate pair`;
  return z.string(message).refine((value) => usableName(value, maxChars) !== null, message);
}

const time = z.iso.datetime({
  offset: true,
  message: 'must be there, a time of ISO 8601 such as 2027-01-31T12:30:00.000Z',
});

const envelope = z.object(
  {
    sensor: text(NAME_CHARS),
    sendTime: time,
    dataVersion: z.string('must be there, the IRI of a Caliper context'),
    data: z
      .array(z.unknown(), 'must be there, a list of events and entities')
      .min(1, 'must have an event or entity'),
  },
  'the body must be a Caliper envelope: a JSON object with sensor, sendTime, dataVersion and data',
);

const iri = text(NAME_CHARS);
const reference = z.custom<unknown>(
  (value) => iri.safeParse(iriOf(value)).success,
  'must be there, an IRI or an object with an id',
);

const entity = z.object({ id: text(NAME_CHARS), type: text(NAME_CHARS) }, 'must be a JSON object');
const event = entity.extend({
  id: text(EVENT_ID_CHARS),
  actor: reference,
  action: text(NAME_CHARS),
  object: reference,
  eventTime: time,
});

function isEvent(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { type } = value as { type?: unknown };
  return (typeof type === 'string' && type.endsWith('Event')) || 'action' in value || 'eventTime' in value;
}

/** Whom the description of an entity is about: a person, or the member of a membership. */
function subjectOf(value: Item['value']): string | null {
  if (value.type === 'Person') return iriOf(value);
  const member = value.type === 'Membership' ? iriOf(value.member) : null;
  return member === null || agentId(member) === null ? null : member;
}

function faultOf(error: z.ZodError, place: string): Refusal {
  const { path, message } = error.issues[0]!;
  return refusal(
    400,
    [[place, ...path].filter((name) => name !== '').join('.'), message].filter(Boolean).join(': '),
  );
}

function readItem(itemText: string, given: unknown, place: string, limits: ElementLimits): Item | Refusal {
  const refused = elementFault(itemText, given, place, limits);
  if (refused !== null) return refused;
  const kind = isEvent(given) ? 'event' : 'entity';
  const parsed = (kind === 'event' ? event : entity).safeParse(given);
  if (!parsed.success) return faultOf(parsed.error, place);
  const value = given as Item['value'];
  if (kind === 'entity') return { kind, text: itemText, value, action: 'describe', agent: subjectOf(value) };
  return { kind, text: itemText, value, action: value.action as string, agent: iriOf(value.actor) };
}

/** All of an envelope, or the first fault in it with its place. */
export async function readEnvelope(body: Buffer, limits: ElementLimits): Promise<CaliperEnvelope | Refusal> {
  const pace = createPace();
  // The envelope and its list stand around each of its data.
  const json = await readJson(body, limits.nestingLevels + 2, pace);
  if (json.kind === 'refused') return json;
  const parsed = envelope.safeParse(json.value);
  if (!parsed.success) return faultOf(parsed.error, '');
  const { sensor, sendTime, dataVersion } = parsed.data;
  if (!VERSIONS.test(dataVersion))
    return refusal(422, `dataVersion: is none that is read here; use ${SUPPORTED_VERSIONS.join(' or ')}`);
  await pace();
  const texts = elementsOf(memberOf(json.text, 'data')!);
  if (texts.length > limits.bodyEvents)
    return refusal(
      413,
      `data: may have at most ${limits.bodyEvents} events and entities; send several envelopes`,
    );
  const items: Item[] = [];
  for (const [index, itemText] of texts.entries()) {
    await pace();
    const item = readItem(itemText, parsed.data.data[index], `data[${index}]`, limits);
    if (item.kind === 'refused') return item;
    items.push(item);
  }
  return { kind: 'envelope', sensor, sendTime, dataVersion, items };
}
