import type { Module, ModuleReducer } from '../shared/module.ts';
import { partitionOf } from '../shared/partition.ts';
import type { Position, Unit } from '../shared/state/port.ts';
import { type KeyValues, keyText, stateField, visibleText } from '../shared/state-key.ts';
import { plainText } from '../shared/state-types/plain-state.ts';
import { eventsTopic, rekeyTopic } from '../shared/topics.ts';
import type { Target } from './catalog.ts';
import type { Positions } from './positions.ts';
import type { ReadStore } from './prompt-store.ts';
import { notShown, type Rebuilding, rebuildingOf, UNCLAIMED } from './rebuilding.ts';
import type { RekeyedStandings } from './rekeyed-standings.ts';

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
  /** The external state, as JSON; null when the key has none, and while the unit is being rebuilt. */
  readonly text: string | null;
  /** Null when no worker ever took up the module. */
  readonly unit: UnitAsOf | null;
  /** How far the states are rebuilt; null when they are complete. */
  readonly rebuilding: Rebuilding | null;
}

export interface StateReaderDeps {
  readonly state: ReadStore;
  readonly positions: Positions;
  readonly standings: RekeyedStandings;
  readonly namespace: string;
}

export interface StateReader {
  /**
   * The states of one reducer under some keys, in the order asked. Rejects with a retriable STATE_UNAVAILABLE when the
   * store does not answer.
   */
  read(target: Target, keys: readonly KeyValues[]): Promise<readonly Reading[]>;
}

const KEYS_A_READ = 250;

function asOf({ topic, partition }: Unit, position: Position | null): UnitAsOf {
  return {
    topic,
    partition,
    offset: position?.next ?? null,
    time: position?.caughtUpAt == null ? null : position.caughtUpAt / 1000,
  };
}

/** The topic whose units have a reducer's states. */
function topicOf(namespace: string, module: Module, { rekeyed, contexts }: ModuleReducer): string {
  return rekeyed ? rekeyTopic(namespace, module.id) : eventsTopic(namespace, contexts[0]!);
}

/** What the topic's records are partitioned by: the student, or the state's own key. */
function recordKeyOf({ rekeyed }: ModuleReducer, key: KeyValues): string {
  return rekeyed ? keyText(key) : key.STUDENT!;
}

/** Reads states from wherever a worker's partitions put them. */
export function createStateReader(deps: StateReaderDeps): StateReader {
  const { state, positions, standings, namespace } = deps;

  async function readTexts(
    unit: Unit,
    { reducer }: Target,
    keys: readonly string[],
  ): Promise<(string | null)[]> {
    const texts: (string | null)[] = [];
    for (let at = 0; at < keys.length; at += KEYS_A_READ) {
      const some = keys.slice(at, at + KEYS_A_READ);
      const fields = some.flatMap((key) => [
        stateField('External', reducer.id, key),
        stateField('Internal', reducer.id, key),
      ]);
      const found = await state.readMany(unit, fields);
      for (const [index, key] of some.entries()) {
        const [external = null, internal = null] = found.slice(2 * index, 2 * index + 2);
        const isPlain = external !== null || internal === null;
        texts.push(
          isPlain ? visibleText(internal, external) : await plainText(state, unit, reducer, key, internal),
        );
      }
    }
    return texts;
  }

  /**
   * The position is read before the states, so that they hold at least what it says, and once more after them: a store
   * that was emptied meanwhile gave states that lack something.
   */
  async function readUnit(
    unit: Unit,
    partitions: number,
    target: Target,
    keys: readonly string[],
  ): Promise<readonly Reading[]> {
    const { module, reducer, lacks } = target;
    const incomplete = async (position: Position | null): Promise<readonly Reading[] | null> => {
      const own = reducer.rekeyed ? await standings.rebuilding(module, position) : rebuildingOf(position);
      const rebuilding = lacks === null ? own : (own ?? notShown(position));
      const reading = { text: null, unit: asOf(unit, position), rebuilding };
      return rebuilding === null ? null : keys.map(() => reading);
    };
    const before = await positions.of(unit, partitions);
    const nothing = await incomplete(before);
    if (nothing !== null) return nothing;
    const texts = await readTexts(unit, target, keys);
    const after = await positions.of(unit, partitions);
    const lost = rebuildingOf(after) === null ? null : await incomplete(after);
    // The first checkpoint came between. It happens once in a unit's life, and states without an offset would puzzle.
    if (lost === null && before?.next === null && after?.next !== null)
      return readUnit(unit, partitions, target, keys);
    return lost ?? texts.map((text) => ({ text, unit: asOf(unit, before), rebuilding: null }));
  }

  return {
    async read(target, keys) {
      const { module, reducer } = target;
      const topic = topicOf(namespace, module, reducer);
      const partitions = await positions.partitionCount(module.id, topic);
      const unclaimed = { text: null, unit: null, rebuilding: UNCLAIMED };
      const readings = new Array<Reading>(keys.length).fill(unclaimed);
      if (partitions === null) return readings;
      const placesByPartition = new Map<number, number[]>();
      for (const [place, key] of keys.entries()) {
        const partition = partitionOf(recordKeyOf(reducer, key), partitions);
        const places = placesByPartition.get(partition);
        if (places === undefined) placesByPartition.set(partition, [place]);
        else places.push(place);
      }
      await Promise.all(
        [...placesByPartition].map(async ([partition, places]) => {
          const unit: Unit = { module: module.id, topic, partition };
          const texts = places.map((place) => keyText(keys[place]!));
          const found = await readUnit(unit, partitions, target, texts);
          for (const [index, place] of places.entries()) readings[place] = found[index]!;
        }),
      );
      return readings;
    },
  };
}
