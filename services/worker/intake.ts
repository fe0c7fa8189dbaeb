import { REQUEUE_OFFSET, REQUEUE_REDUCER } from '../shared/control/requeue-record.ts';
import { isTombstone } from '../shared/erasing/erased-record.ts';
import { type Erasures, isErased } from '../shared/erasing/erasures.ts';
import { messageOf } from '../shared/errors.ts';
import type { Envelope } from '../shared/event.ts';
import type { LogRecord } from '../shared/log/port.ts';
import type { Anchor } from '../shared/state/port.ts';
import { anchorProblem } from './claim-check.ts';
import type { DecodedEvent, DecodedRecord } from './decode.ts';
import type { IdWindow } from './duplicates.ts';
import type { Origin } from './rekey-origin.ts';
import { type Place, placeOf } from './requeue.ts';
import type { Keyed } from './scope.ts';
import type { BatchDecoder } from './shared-decoder.ts';

/** What a record is to a unit, before any state is known. The anchor of a checkpoint that ends here. */
export interface Item extends Anchor {
  /** Null when there is nothing to fold: no event of ours, a duplicate, or one that is requeued for others. */
  readonly event: DecodedEvent | null;
  /** Why the record is no event; null when it is one. */
  readonly refusal: string | null;
  /** The dead letter that the record was appended again for; null for all others. */
  readonly requeued: { readonly reducer: string; readonly offset: number } | null;
  /** By reducer: where its state is; null when the event lacks a field of the scope. */
  readonly keys: readonly (string | null)[];
  /**
   * The learner, session and number that it counts for, where they are not those of `event`: of what is erased, and of
   * what learners send of whom something is. Null for all others.
   */
  readonly counted: Numbered | null;
  /**
   * On a rekey topic, and of a copy of what waited unclaimed: where the event comes from; null when that is not said, or
   * does not count because of requeuing.
   */
  readonly origin: Origin | null;
}

/** By what a client numbers its events. */
export type Numbered = Pick<Envelope, 'key' | 'session' | 'sequence'>;

export type Taken =
  | { readonly kind: 'ok'; readonly items: readonly Item[] }
  | { readonly kind: 'stopped'; readonly reason: string };

export interface IntakeDeps {
  /** `<NAME>.v<VERSION>` */
  readonly moduleId: string;
  readonly keysOf: (event: Keyed, record: LogRecord) => readonly (string | null)[];
  readonly originOf?: (headers: LogRecord['headers']) => Origin | null;
  readonly window: Pick<IdWindow, 'seen'>;
  readonly erasures: Pick<Erasures, 'count' | 'of'>;
  /** The first record to fold; those before it are only read back. */
  readonly position: number;
  /** Where reading begins. */
  readonly readFrom: number;
  readonly anchor: Anchor | null;
  readonly duplicate: () => void;
}

export interface Intake {
  /** Whether nothing from the position on was seen yet. */
  readonly readingBack: boolean;
  /** The next record that was not seen. */
  readonly expects: number;
  take(records: readonly LogRecord[], decode: BatchDecoder['decode']): Taken;
  /** Where to read from after a rebalance: from the last record on, to see that it is still the same log. */
  resumeFrom(): number;
  /**
   * The same where nobody holds that record any more: after it, as a claim would begin. Null where more than that record
   * is missing, which may hold what comes again.
   */
  resumeAfter(): number | null;
}

const MALFORMED = `its headers ${REQUEUE_REDUCER} and ${REQUEUE_OFFSET} do not name the dead letter that it was appended again for: drop it, or requeue it to have every reducer take it as an event`;

const NO_KEYS: readonly (string | null)[] = [];

/**
 * The first look at records, in their order: what was reduced before the claim only tells what is a duplicate, and
 * whether this is still the log that was reduced.
 */
export function createIntake(deps: IntakeDeps): Intake {
  const { window, keysOf, moduleId, erasures } = deps;
  let position = deps.position;
  let expects = deps.readFrom;
  /** To be compared with the record at its offset. */
  let anchor = deps.anchor !== null && deps.anchor.offset >= deps.readFrom ? deps.anchor : null;
  let last: Anchor | null = deps.anchor;
  /** Whether the anchor is all that is read before the position. */
  let resumed = false;

  /** Erased and living events of one learner are counted under one name, so that a tombstone tells as much as the event. */
  const countedKey = ({ envelope: { key } }: DecodedEvent): string => erasures.of(key)?.name ?? key;

  const countedOf = (key: string, { envelope: { session, sequence } }: DecodedEvent): Numbered => ({
    key,
    session,
    sequence,
  });

  const countedApart = (key: string, decoded: DecodedEvent): Numbered | null =>
    key === decoded.student ? null : countedOf(key, decoded);

  const isGone = (decoded: DecodedRecord, { headers, key }: LogRecord): boolean => {
    if (isTombstone({ headers })) return true;
    if (erasures.count === 0) return false;
    if (decoded.kind === 'ok') return isErased(erasures.of(decoded.student), decoded.envelope.receivedAt);
    return key !== null && isErased(erasures.of(key.toString()), decoded.timestamp * 1_000);
  };

  const readBack = (decoded: DecodedRecord, place: Place): string | null => {
    const { offset, timestamp } = decoded;
    const id = decoded.kind === 'ok' ? decoded.envelope.id : null;
    if (decoded.kind === 'ok' && place.kind === 'none') window.seen(countedKey(decoded), id!, offset);
    if (anchor === null || offset !== anchor.offset) return null;
    const problem = anchorProblem(anchor, { offset, timestamp, id });
    anchor = null;
    return problem;
  };

  const originOf = (place: Place, { headers }: LogRecord): Origin | null =>
    place.kind === 'none' && deps.originOf !== undefined ? deps.originOf(headers) : null;

  const toRefused = (decoded: DecodedRecord, reason: string, place: Place, record: LogRecord): Item => {
    const { offset, timestamp } = decoded;
    const id = decoded.kind === 'ok' ? decoded.envelope.id : null;
    const refusal = place.kind === 'others' ? null : reason;
    const requeued = place.kind === 'mine' ? place : null;
    const origin = originOf(place, record);
    return { offset, timestamp, id, event: null, refusal, requeued, keys: NO_KEYS, counted: null, origin };
  };

  /** Not folded, nor refused, nor closing anything; but it tells what is a duplicate, and where a rekey topic is. */
  const toErased = (decoded: DecodedRecord, place: Place, record: LogRecord): Item => {
    const { offset, timestamp } = decoded;
    const item = {
      event: null,
      refusal: null,
      requeued: null,
      keys: NO_KEYS,
      origin: originOf(place, record),
    };
    if (decoded.kind !== 'ok') return { offset, timestamp, id: null, counted: null, ...item };
    const { id } = decoded.envelope;
    const key = countedKey(decoded);
    const isCounted = place.kind === 'none' && !window.seen(key, id, offset);
    return { offset, timestamp, id, counted: isCounted ? countedOf(key, decoded) : null, ...item };
  };

  const toSkipped = (
    { offset, timestamp, envelope }: DecodedEvent,
    requeued: Item['requeued'],
    origin: Origin | null,
  ): Item => {
    const item = { event: null, refusal: null, requeued, keys: NO_KEYS, counted: null, origin };
    return { offset, timestamp, id: envelope.id, ...item };
  };

  const toItem = (decoded: DecodedRecord, place: Place, record: LogRecord): Item => {
    if (decoded.kind !== 'ok') return toRefused(decoded, decoded.reason, place, record);
    if (place.kind === 'malformed') return toRefused(decoded, MALFORMED, place, record);
    const { offset, timestamp } = decoded;
    const { id } = decoded.envelope;
    const countedAs = countedKey(decoded);
    const isDuplicate = place.kind === 'none' && window.seen(countedAs, id, offset);
    if (isDuplicate) deps.duplicate();
    const requeued = place.kind === 'mine' ? place : null;
    const origin = originOf(place, record);
    if (isDuplicate || place.kind === 'others') return toSkipped(decoded, requeued, origin);
    try {
      const keys = keysOf(decoded, record);
      const counted = countedApart(countedAs, decoded);
      return { offset, timestamp, id, event: decoded, refusal: null, requeued, keys, counted, origin };
    } catch (error) {
      return toRefused(decoded, `no key can be read from the event: ${messageOf(error)}`, place, record);
    }
  };

  const look = (decoded: DecodedRecord, place: Place, record: LogRecord): Item =>
    isGone(decoded, record) ? toErased(decoded, place, record) : toItem(decoded, place, record);

  return {
    get readingBack() {
      return expects < position || anchor !== null;
    },
    get expects() {
      return expects;
    },
    take(records, decode) {
      const items: Item[] = [];
      for (let index = 0; index < records.length; index++) {
        const record = records[index]!;
        if (record.offset < expects) continue;
        const decoded = decode(record, index);
        const place = placeOf(record.headers, moduleId);
        expects = record.offset + 1;
        if (record.offset < position) {
          const problem = readBack(decoded, place);
          if (problem !== null) return { kind: 'stopped', reason: problem };
          continue;
        }
        // Read from before the anchor on, it would have come.
        if (anchor !== null) return { kind: 'stopped', reason: anchorProblem(anchor, null)! };
        const item = look(decoded, place, record);
        items.push(item);
        last = item;
        position = expects;
      }
      return { kind: 'ok', items };
    },
    resumeFrom() {
      if (anchor === null && last !== null && expects >= position) {
        anchor = last;
        expects = last.offset;
        resumed = true;
      }
      return expects;
    },
    resumeAfter() {
      if (anchor === null || !resumed) return null;
      anchor = null;
      expects = position;
      return expects;
    },
  };
}
