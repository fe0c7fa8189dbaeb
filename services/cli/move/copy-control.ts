import type { LeftOut } from '../../shared/control/port.ts';
import { encodeControlRecord } from '../../shared/control/record.ts';
import type { History } from '../../shared/history/port.ts';
import type { OutgoingRecord, Producer } from '../../shared/log/port.ts';
import type { Arrivals } from './arrivals.ts';
import { type Decision, readDecisions } from './control-records.ts';
import type { Copied } from './copy-partition.ts';
import { movedHeaders } from './moved-headers.ts';

export interface ControlCopyDeps {
  readonly history: Pick<History, 'start' | 'read'>;
  readonly producer: Pick<Producer, 'send'>;
  readonly arrivals: Arrivals;
  /** The control topics. */
  readonly from: string;
  readonly to: string;
  /** Of the old topic: what is below it is copied. */
  readonly end: number;
  /** The new topic of an old one; null for one that is never copied. */
  readonly newTopic: (old: string) => string | null;
  /** Of an old partition, up to where it is copied in this run. */
  readonly endOf: (topic: string, partition: number) => number;
}

const MAX_SEND = 500;

/** A verdict at the event's new place. That of a worker was confirmed by its claim, and stands by itself now. */
function translated({ token: _, ...verdict }: LeftOut, topic: string, place: object): LeftOut {
  return { ...verdict, topic, ...place };
}

/**
 * Copies what was decided, once the events that it is about are there. It goes on after the last origin that is there; and
 * stops before a verdict on an event that is not copied yet, so that the next run goes on with that.
 *
 * Left out are verdicts on events that are not moved, and those on events under other keys: nobody knows their new places
 * before workers publish them again, which then come to the same, or to another, verdict.
 */
export async function copyControl(deps: ControlCopyDeps): Promise<Copied> {
  const { arrivals, to, newTopic } = deps;
  const last = arrivals.last({ topic: to, partition: 0 }, 0);
  let [copied, there, leftOut] = [0, 0, 0];
  let lastOrigin = last;
  let batch: OutgoingRecord[] = [];

  const flush = async (): Promise<void> => {
    if (batch.length > 0) await deps.producer.send(batch);
    batch = [];
  };

  /** The bytes to append; null for what has no place there; undefined where copying stops. */
  const newValue = (decision: Decision): Buffer | null | undefined => {
    if (decision.kind === 'other') {
      const { taken, record } = decision;
      // What was copied out of the unclaimed events is not moved with those: nothing of the new ones is copied yet.
      return taken?.kind === 'source-claim' ? encodeControlRecord({ ...taken, copied: [0] }) : record.value;
    }
    const { verdict } = decision;
    const topic = newTopic(verdict.topic);
    if (topic === null) {
      leftOut += 1;
      return null;
    }
    if (verdict.offset >= deps.endOf(verdict.topic, verdict.partition)) return undefined;
    const place = arrivals.placeOf(verdict);
    if (place !== null) return encodeControlRecord(translated(verdict, topic, place));
    leftOut += 1;
    return null;
  };

  for await (const decision of readDecisions(deps.history, deps.from, deps.end)) {
    const { offset, timestamp } = decision.record;
    const isThere = offset <= last;
    const value = newValue(decision);
    if (value === undefined) break;
    if (isThere && value !== null) there += 1;
    if (isThere || value === null) continue;
    const headers = movedHeaders({ topic: deps.from, partition: 0, offset }, timestamp);
    batch.push({ topic: to, key: 'control', value, headers });
    copied += 1;
    lastOrigin = offset;
    if (batch.length >= MAX_SEND) await flush();
  }
  await flush();
  return { copied, there, leftOut, lastOrigin: lastOrigin < 0 ? null : lastOrigin };
}
