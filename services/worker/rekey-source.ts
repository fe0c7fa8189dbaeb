import { messageOf } from '../shared/errors.ts';
import type { OutgoingRecord, TopicPartition } from '../shared/log/port.ts';
import type { Module } from '../shared/module.ts';
import { partitionOf } from '../shared/partition.ts';
import type { Checkpoint, CheckpointReply } from '../shared/state/port.ts';
import type { DecodedEvent } from './decode.ts';
import type { Item } from './intake.ts';
import type { Letters } from './letters.ts';
import type { Reduce } from './reduce.ts';
import type { Marks } from './rekey-gate.ts';
import { isAbove, originHeaders } from './rekey-origin.ts';
import type { RekeyPublisher } from './rekey-publisher.ts';
import type { Keyed } from './scope.ts';
import type { Verdicts } from './verdicts.ts';

type Send = (checkpoint: Checkpoint) => Promise<CheckpointReply>;

export interface RekeySourceDeps {
  readonly module: Pick<Module, 'name'>;
  readonly source: TopicPartition;
  readonly rekeyTopic: string;
  /** Of the rekey topic. */
  readonly partitions: number;
  readonly rekey: (event: Keyed) => readonly string[];
  /** What need not be published again; empty for everything must. */
  readonly marks: Marks;
  readonly publisher: RekeyPublisher;
  readonly letters: Pick<Letters, 'isOpen'>;
  readonly verdicts: Pick<Verdicts, 'of'>;
}

/** What a source unit does besides folding: its module's other reducers get its events under their own keys. */
export interface RekeySource {
  /** Publishes what it folds. */
  reduce(reduce: Reduce): Reduce;
  /** Stores a checkpoint when the events below it are published. */
  send(send: Send): Send;
  /** The claim is over. */
  close(): void;
}

export function createRekeySource(deps: RekeySourceDeps): RekeySource {
  const { source, rekeyTopic, partitions, marks, publisher } = deps;
  const { name } = deps.module;
  let published = Promise.resolve();

  const recordsOf = (event: DecodedEvent): OutgoingRecord[] => {
    const records: OutgoingRecord[] = [];
    for (const [n, key] of deps.rekey(event).entries()) {
      const origin = { ...source, offset: event.offset, n };
      const partition = partitionOf(key, partitions);
      if (!isAbove(origin, marks[partition] ?? null)) continue;
      records.push({
        topic: rekeyTopic,
        partition,
        key,
        value: event.value,
        headers: originHeaders(origin),
      });
    }
    return records;
  };

  /** A requeued event is for one reducer that is folded here, unless the original could be given to none. */
  const isPublished = ({ requeued, offset }: Item): boolean => {
    if (deps.verdicts.of(name, offset) !== undefined) return false;
    return requeued === null || (requeued.reducer === name && deps.letters.isOpen(name, requeued.offset));
  };

  /** What is to be published for an item, or why it is refused as a whole. */
  const toPublish = (item: Item): readonly OutgoingRecord[] | string => {
    if (item.event === null || !isPublished(item)) return [];
    try {
      return recordsOf(item.event);
    } catch (error) {
      return `no key can be read from the event: ${messageOf(error)}`;
    }
  };

  return {
    reduce: (reduce) => ({
      ...reduce,
      item(item, entries) {
        const records = toPublish(item);
        if (typeof records === 'string')
          return reduce.item({ ...item, event: null, refusal: records, keys: [] }, []);
        // Folded first: a promise of the publisher that nobody waits for must not be left when this throws.
        const folded = reduce.item(item, entries);
        const room = records.length > 0 ? publisher.take(item.offset, records) : undefined;
        return room === undefined ? folded : Promise.all([folded, room]).then(() => undefined);
      },
    }),
    send: (send) => async (checkpoint) => {
      // One after another: of two checkpoints, the later one follows the earlier one also into the store.
      published = published.then(() => publisher.acknowledged(checkpoint.next));
      await published;
      return send(checkpoint);
    },
    close: publisher.close,
  };
}
