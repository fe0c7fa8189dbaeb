import type { Clock } from '../shared/clock.ts';
import { messageOf } from '../shared/errors.ts';
import { keyOf } from '../shared/log/partition-key.ts';
import type { EventLog, PartitionOffsets, TopicPartition } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { StateStore } from '../shared/state/port.ts';
import type { UnitRunner } from './unit-runner.ts';

export interface UnitLagDeps {
  /** `<NAME>.v<VERSION>` */
  readonly moduleId: string;
  readonly log: Pick<EventLog, 'offsets'>;
  readonly state: Pick<StateStore, 'position'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Logger;
}

/** How far the units of a module are behind, whatever they are at. */
export interface UnitLag {
  /** A fetch told where the log of a partition ends. */
  told(at: TopicPartition, endOffset: number): void;
  /** Records between what is reduced and the end of the log; null as long as one of the two is not known. */
  of(unit: UnitRunner): number | null;
  /** Asks for the ends that no fetch told for some time; costs nothing as long as all units read. Never rejects. */
  refresh(units: readonly UnitRunner[]): Promise<void>;
  forget(at: TopicPartition): void;
}

interface Known {
  end: number;
  at: number;
  /** Of a unit that was not claimed here yet: what is stored of it. */
  stored: number | null;
}

const FRESH_MS = 10_000;

export function createUnitLag(deps: UnitLagDeps): UnitLag {
  const { log, state, clock, moduleId: module } = deps;
  const known = new Map<string, Known>();
  let isRefreshing = false;

  const told = (at: TopicPartition, end: number): void => {
    const before = known.get(keyOf(at));
    known.set(keyOf(at), { end, at: clock.now(), stored: before?.stored ?? null });
  };
  const isFresh = ({ at }: UnitRunner): boolean =>
    clock.now() - (known.get(keyOf(at))?.at ?? Number.NEGATIVE_INFINITY) < FRESH_MS;

  const learn = async ({ at, position }: UnitRunner, { start, end }: PartitionOffsets): Promise<void> => {
    told(at, end);
    if (position !== null) return;
    const stored = (await state.position({ module, ...at }))?.next ?? start;
    const found = known.get(keyOf(at));
    if (found !== undefined) found.stored = stored;
  };
  const ask = async (units: readonly UnitRunner[]): Promise<void> => {
    for (const topic of new Set(units.map(({ at }) => at.topic))) {
      const ranges = new Map((await log.offsets(topic)).map((range) => [range.partition, range]));
      for (const unit of units.filter(({ at }) => at.topic === topic)) {
        const range = ranges.get(unit.at.partition);
        if (range !== undefined) await learn(unit, range);
      }
    }
  };

  return {
    told,
    of(unit) {
      const found = known.get(keyOf(unit.at));
      const position = unit.position ?? found?.stored ?? null;
      return found === undefined || position === null ? null : Math.max(0, found.end - position);
    },
    async refresh(units) {
      const unheard = units.filter((unit) => !isFresh(unit));
      if (isRefreshing || unheard.length === 0) return;
      isRefreshing = true;
      try {
        await ask(unheard);
      } catch (error) {
        deps.logger.debug({ module, error: messageOf(error) }, 'the lag is not known');
      } finally {
        isRefreshing = false;
      }
    },
    forget: (at) => void known.delete(keyOf(at)),
  };
}
