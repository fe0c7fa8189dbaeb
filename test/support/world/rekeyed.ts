import { keyOf } from '../../../services/shared/log/partition-key.ts';
import type { LogRecord, TopicPartition } from '../../../services/shared/log/port.ts';
import { partitionOf } from '../../../services/shared/partition.ts';
import { eventsTopic } from '../../../services/shared/topics.ts';
import { rekeyedKeys } from './keys.ts';
import { contextsOf, type ModuleSpec } from './modules.ts';
import { createRepeats, type Placed, type Rekeyed } from './repeats.ts';

/** What a rekey topic must hold: told by plain values, apart from the program that is tried. */

export const isRekeyTopic = (topic: string): boolean => topic.includes('.rekey.');

/** Where a record of a rekey topic says that it comes from. */
export function readRekeyed({ key, headers }: LogRecord): Rekeyed {
  const [topic, partition, offset, n] = ['topic', 'partition', 'offset', 'n'].map((name) =>
    headers[`lectern-origin-${name}`]!.toString(),
  );
  return {
    topic: topic!,
    partition: Number(partition),
    offset: Number(offset),
    n: Number(n),
    key: key!.toString(),
  };
}

/** Decides which records of one partition of a rekey topic are duplicates, one after another. */
export function createRekeyedRepeats(): (placed: Placed) => boolean {
  const highest = new Map<string, Rekeyed>();
  return ({ rekeyed, requeue }) => {
    // What was appended again on purpose is neither a duplicate nor makes one.
    if (requeue !== null) return false;
    const { offset, n } = rekeyed!;
    const had = highest.get(keyOf(rekeyed!));
    if (had !== undefined && (offset < had.offset || (offset === had.offset && n <= had.n))) return true;
    highest.set(keyOf(rekeyed!), rekeyed!);
    return false;
  };
}

export interface RekeyedDeps {
  readonly namespace: string;
  readonly module: ModuleSpec;
  readonly rekeyTopic: string;
  /** Of every topic. */
  readonly partitions: number;
  /** Everything that was ever appended to a partition. */
  readonly placed: (at: TopicPartition) => readonly Placed[];
}

const nameOf = (partition: number, { topic, partition: from, offset, n, key }: Rekeyed): string =>
  `${topic}/${from}@${offset} number ${n} under ${key} in partition ${partition}`;

/** What a module's sources give to its rekey topic: every event that is no duplicate, under each of its keys. */
function demanded({ namespace, module, partitions, placed }: RekeyedDeps): Set<string> {
  const names = new Set<string>();
  for (const source of contextsOf(module))
    for (let partition = 0; partition < partitions; partition++) {
      const at = { topic: eventsTopic(namespace, source), partition };
      const isRepeat = createRepeats();
      for (const one of placed(at)) {
        if (isRepeat(one) || one.requeue !== null || one.event.kind === 'undecodable') continue;
        for (const [n, key] of rekeyedKeys(module, one.event).entries())
          names.add(nameOf(partitionOf(key, partitions), { ...at, offset: one.offset, n, key }));
      }
    }
  return names;
}

/**
 * Throws unless a module's rekey topic has of its sources all that it should, each once besides what is known as a
 * duplicate. Gives how many duplicates there are.
 */
export function checkRekeyed(deps: RekeyedDeps): number {
  const { rekeyTopic, partitions, placed } = deps;
  const missing = demanded(deps);
  let duplicates = 0;
  for (let partition = 0; partition < partitions; partition++) {
    const isRepeat = createRekeyedRepeats();
    for (const one of placed({ topic: rekeyTopic, partition })) {
      if (one.requeue !== null) continue;
      const name = nameOf(partition, one.rekeyed!);
      if (isRepeat(one)) duplicates += 1;
      else if (!missing.delete(name)) throw new Error(`${rekeyTopic} has ${name}, which should not be there`);
    }
  }
  for (const name of missing) throw new Error(`${rekeyTopic} should be given ${name}`);
  return duplicates;
}
