import { LecternError, messageOf } from '../shared/errors.ts';
import { partitionOf } from '../shared/partition.ts';
import type { StateStore, Unit } from '../shared/state/port.ts';
import { type KeyValues, keyText, stateField, visibleText } from '../shared/state-key.ts';
import { eventsTopic } from '../shared/topics.ts';
import type { Target } from './catalog.ts';

/** How far the states of a unit were when they were read, at least. */
export interface UnitAsOf {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that they may lack; null when nothing was reduced yet. */
  readonly offset: number | null;
  /** When they last lacked nothing, in seconds since 1970; null when never. */
  readonly time: number | null;
}

export interface Reading {
  /** The external state, as JSON; null when the key has none. */
  readonly text: string | null;
  /** Null when no worker ever took up the module. */
  readonly unit: UnitAsOf | null;
}

export interface StateReaderDeps {
  readonly state: Pick<StateStore, 'position' | 'readMany'>;
  readonly namespace: string;
  /** How long the store may take to answer. */
  readonly timeoutMs: number;
}

export interface StateReader {
  /**
   * The states of one reducer under some keys, in the order asked. Rejects with a retriable STATE_UNAVAILABLE when the
   * store does not answer.
   */
  read(target: Target, keys: readonly KeyValues[]): Promise<readonly Reading[]>;
}

const KEYS_A_READ = 250;

function unavailable(message: string, cause?: unknown): LecternError {
  return new LecternError('STATE_UNAVAILABLE', message, { cause, retriable: true });
}

/** Reads states from wherever a worker's partitions put them. */
export function createStateReader(deps: StateReaderDeps): StateReader {
  const { state, namespace, timeoutMs } = deps;
  const partitionCounts = new Map<string, number>();

  async function answered<T>(asked: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(unavailable(`the state store did not answer in ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    try {
      return await Promise.race([asked, late]);
    } catch (error) {
      if (error instanceof LecternError && error.code === 'STATE_UNAVAILABLE' && !error.retriable)
        throw unavailable(messageOf(error), error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async function partitionCount(target: Target, topic: string): Promise<number | null> {
    const module = target.module.id;
    const known = partitionCounts.get(module);
    if (known !== undefined) return known;
    const position = await answered(state.position({ module, topic, partition: 0 }));
    if (position !== null) partitionCounts.set(module, position.partitions);
    return position?.partitions ?? null;
  }

  /** The position is read before the states, so that they hold at least what it says. */
  async function asOf(unit: Unit, partitions: number): Promise<UnitAsOf> {
    const position = await answered(state.position(unit));
    if (position?.partitions !== partitions) partitionCounts.delete(unit.module);
    if (position !== null && position.partitions !== partitions)
      throw unavailable('the partitions of the topic were counted anew; ask again');
    return {
      topic: unit.topic,
      partition: unit.partition,
      offset: position?.next ?? null,
      time: position?.caughtUpAt == null ? null : position.caughtUpAt / 1000,
    };
  }

  async function readTexts(
    unit: Unit,
    names: readonly (readonly [string, string])[],
  ): Promise<(string | null)[]> {
    const texts: (string | null)[] = [];
    for (let at = 0; at < names.length; at += KEYS_A_READ) {
      const some = names.slice(at, at + KEYS_A_READ);
      const found = await answered(state.readMany(unit, some.flat()));
      for (let index = 0; index < some.length; index++)
        texts.push(visibleText(found[2 * index + 1] ?? null, found[2 * index] ?? null));
    }
    return texts;
  }

  return {
    async read(target, keys) {
      const topic = eventsTopic(namespace, target.module.contexts[0]!);
      const partitions = await partitionCount(target, topic);
      const readings = new Array<Reading>(keys.length).fill({ text: null, unit: null });
      if (partitions === null) return readings;
      const placesByPartition = new Map<number, number[]>();
      for (const [place, key] of keys.entries()) {
        const partition = partitionOf(key.STUDENT!, partitions);
        const places = placesByPartition.get(partition);
        if (places === undefined) placesByPartition.set(partition, [place]);
        else places.push(place);
      }
      await Promise.all(
        [...placesByPartition].map(async ([partition, places]) => {
          const unit: Unit = { module: target.module.id, topic, partition };
          const names = places.map((place) => {
            const key = keyText(keys[place]!);
            return [
              stateField('External', target.reducer.id, key),
              stateField('Internal', target.reducer.id, key),
            ] as const;
          });
          const readAsOf = await asOf(unit, partitions);
          const texts = await readTexts(unit, names);
          for (const [index, place] of places.entries())
            readings[place] = { text: texts[index]!, unit: readAsOf };
        }),
      );
      return readings;
    },
  };
}
