import type { Clock } from '../shared/clock.ts';
import { keyOf } from '../shared/log/partition-key.ts';
import type { TopicPartition } from '../shared/log/port.ts';
import type { Recorded, RecordedPage } from '../shared/log/recorded.ts';

export interface ToldRecordsDeps {
  readonly recorded: Recorded;
  /** Records that are wanted, in a second; no limit unless given. */
  readonly perSecond?: number | undefined;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  /** So many more records are through, wanted or not: what was stored before counts, what is read anew does not. */
  readonly onRead: (records: number) => void;
}

export interface ToldRecords extends Recorded {
  /**
   * The offset after the last record of a partition that is wanted; null as long as that is not known, because it is not
   * read to its end.
   */
  wantedUpTo(at: TopicPartition): number | null;
}

/** With a limit, so many times in a second something is given. */
const TURNS_A_SECOND = 4;
const LONGEST_SLEEP_MS = 250;

/** Records that are counted as they are read, and come no faster than they may. */
export function createToldRecords(deps: ToldRecordsDeps): ToldRecords {
  const { recorded, perSecond, clock } = deps;
  /** By partition: what came of its last reading, once that ended. */
  const wantedEnds = new Map<string, number>();
  const furthest = new Map<string, number>();
  let freeAt = 0;

  /** Resolves when so many may be given, or nobody wants them any more. */
  const turn = async (records: number, wanted: () => boolean): Promise<void> => {
    if (perSecond === undefined) return;
    const at = Math.max(clock.now(), freeAt);
    freeAt = at + (1_000 * records) / perSecond;
    for (let left = at - clock.now(); left > 0 && wanted(); left = at - clock.now())
      await clock.sleep(Math.min(left, LONGEST_SLEEP_MS));
  };
  const most =
    perSecond === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(perSecond / TURNS_A_SECOND));

  const told = (at: TopicPartition, next: number): void => {
    const before = furthest.get(keyOf(at)) ?? recorded.ranges.get(at.topic)?.[at.partition]?.start ?? 0;
    if (next <= before) return;
    furthest.set(keyOf(at), next);
    deps.onRead(next - before);
  };
  function* slices({ records, next }: RecordedPage): Generator<RecordedPage> {
    let from = 0;
    for (; records.length - from > most; from += most)
      yield { records: records.slice(from, from + most), next: records[from + most - 1]!.offset + 1 };
    yield { records: from === 0 ? records : records.slice(from), next };
  }

  return {
    ranges: recorded.ranges,
    async *pages(at, from, wanted) {
      const key = keyOf(at);
      wantedEnds.delete(key);
      told(at, from);
      let wantedEnd = 0;
      for await (const page of recorded.pages(at, from, wanted)) {
        for (const some of slices(page)) {
          await turn(some.records.length, wanted);
          if (!wanted()) return;
          if (some.records.length > 0) wantedEnd = some.records.at(-1)!.offset + 1;
          yield some;
        }
        told(at, page.next);
      }
      wantedEnds.set(key, wantedEnd);
    },
    wantedUpTo(at) {
      const range = recorded.ranges.get(at.topic)?.[at.partition];
      return range === undefined || range.start === range.end ? 0 : (wantedEnds.get(keyOf(at)) ?? null);
    },
  };
}
