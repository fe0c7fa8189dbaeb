import { keyOf } from '../shared/log/partition-key.ts';
import type { EventLog, GroupConsumer, TopicPartition } from '../shared/log/port.ts';
import type { PartitionArchiver } from './partition.ts';

export interface MembershipDeps {
  readonly log: Pick<EventLog, 'createConsumer'>;
  readonly groupId: string;
  readonly topics: readonly string[];
  /** By `keyOf`, those of all memberships. */
  readonly partitions: Map<string, PartitionArchiver>;
  readonly createPartition: (at: TopicPartition, consumer: GroupConsumer) => PartitionArchiver;
  readonly isStopping: () => boolean;
  readonly assigned: () => void;
  /** After more records are in memory. */
  readonly appended: () => void;
  readonly failed: (error: Error) => void;
}

/** An archiver in one consumer group: the partitions that this gives it are among its partitions. */
export interface Membership {
  run(): Promise<void>;
  stop(): Promise<void>;
}

export function createMembership(deps: MembershipDeps): Membership {
  const { partitions, isStopping } = deps;
  const consumer = deps.log.createConsumer({ groupId: deps.groupId, topics: deps.topics });
  let own: readonly string[] = [];

  const abandon = (): void => {
    for (const key of own) {
      partitions.get(key)?.abandon();
      partitions.delete(key);
    }
    own = [];
  };

  return {
    run: () =>
      consumer.run({
        assigned(list) {
          abandon();
          const given = isStopping() ? [] : list;
          own = given.map(keyOf);
          for (const at of given) {
            const one = deps.createPartition(at, consumer);
            partitions.set(keyOf(at), one);
            void one.begin();
          }
          deps.assigned();
        },
        revoked: abandon,
        async batch(batch) {
          if (isStopping()) return;
          partitions.get(keyOf(batch))?.append(batch.records);
          deps.appended();
        },
        caughtUp() {},
        outOfRange: (at) => partitions.get(keyOf(at))?.outOfRange(),
        failed: deps.failed,
      }),
    async stop() {
      abandon();
      await consumer.stop();
    },
  };
}
