import type { Clock } from '../shared/clock.ts';
import type { EventLog, TopicPartition } from '../shared/log/port.ts';
import { type Mark, markField, readMark } from '../shared/rekey-mark.ts';
import type { Claim, StateStore, Unit } from '../shared/state/port.ts';

export interface RekeyGateDeps {
  /** `<NAME>.v<VERSION>` */
  readonly moduleId: string;
  readonly rekeyTopic: string;
  readonly log: Pick<EventLog, 'offsets'>;
  readonly state: Pick<StateStore, 'position' | 'readMany'>;
  readonly clock: Pick<Clock, 'sleep'>;
}

/** By rekey partition: what it has of a source partition; null where it has nothing. */
export type Marks = readonly (Mark | null)[];

const POLL_MS = 250;

/** Whether a unit folds again what was folded before, as far as anybody knows. */
export const isRebuilding = ({ next, target }: Pick<Claim, 'next' | 'target'>): boolean =>
  next === null || (target !== null && next < target);

/**
 * For a source unit that rebuilds: waits until the rekey units of its module have folded what the rekey topic holds now,
 * and tells what they have of the source partition by then. Publishing only what is above it, the unit appends nothing
 * that is there already: the marks would drop it, but the topic would grow by its whole history each time.
 *
 * `wanted` is asked between the steps, and null returned when it says no. `waits` is told what is waited for. Rejects when
 * log or store do not answer.
 */
export async function passRekeyGate(
  deps: RekeyGateDeps,
  source: TopicPartition,
  wanted: () => boolean,
  waits: (what: string) => void,
): Promise<Marks | null> {
  const { state, moduleId: module, rekeyTopic: topic } = deps;
  const ends = await deps.log.offsets(topic);
  const filled = ends.filter(({ end }) => end > 0);
  for (const { partition, end } of filled) {
    const passed = await untilPassed(deps, { module, topic, partition }, end, wanted, waits);
    if (!passed) return null;
  }
  const field = markField(source);
  const marks: (Mark | null)[] = ends.map(() => null);
  for (const { partition } of filled) {
    const [text] = await state.readMany({ module, topic, partition }, [field]);
    marks[partition] = text == null ? null : readMark(text);
  }
  return wanted() ? marks : null;
}

/** False when it is not wanted any more. */
async function untilPassed(
  { state, clock }: RekeyGateDeps,
  unit: Unit,
  end: number,
  wanted: () => boolean,
  waits: (what: string) => void,
): Promise<boolean> {
  while (wanted()) {
    const next = (await state.position(unit))?.next ?? 0;
    if (next >= end) return true;
    waits(`waits for ${unit.topic}/${unit.partition}, which is rebuilt first: ${next} of ${end}`);
    await clock.sleep(POLL_MS);
  }
  return false;
}
