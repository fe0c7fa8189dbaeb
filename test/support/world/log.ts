import { LecternError } from '../../../services/shared/errors.ts';
import { keyOf } from '../../../services/shared/log/partition-key.ts';
import type { EventLog, TopicPartition } from '../../../services/shared/log/port.ts';
import type { Broker } from './broker.ts';
import { createGroup, type Group } from './group.ts';
import type { Machine } from './machine.ts';
import { createMember } from './member.ts';
import type { Schedule } from './schedule.ts';
import { createProcessSend, type SendFaults } from './sends.ts';

export interface Groups {
  get(groupId: string): Group;
  all(): Iterable<Group>;
}

export interface Timeouts {
  readonly sessionMs: number;
  readonly rebalanceMs: number;
  readonly heartbeatMs: number;
}

const PAGE = 10;

function partitionsOf(broker: Broker, topic: string): TopicPartition[] {
  return Array.from({ length: broker.topics.get(topic) ?? 0 }, (_, partition) => ({ topic, partition }));
}

export function createGroups(schedule: Schedule, broker: Broker, timeouts: Timeouts): Groups {
  const groups = new Map<string, Group>();
  return {
    get(groupId) {
      const known = groups.get(groupId);
      if (known !== undefined) return known;
      const group = createGroup({
        schedule,
        partitionsOf: (topic) => partitionsOf(broker, topic),
        ...timeouts,
      });
      groups.set(groupId, group);
      return group;
    },
    all: () => groups.values(),
  };
}

export interface ProcessLogDeps {
  readonly schedule: Schedule;
  readonly broker: Broker;
  readonly groups: Groups;
  readonly machine: Machine;
  readonly sends: SendFaults;
  readonly timeouts: Timeouts;
}

/** The event log as one process of the world sees it. */
export function createProcessLog(deps: ProcessLogDeps): EventLog {
  const { schedule, broker, groups, machine, timeouts } = deps;
  return {
    async ensureTopics(topics) {
      await machine.call(() => {
        for (const { name, partitions } of topics)
          if (!broker.topics.has(name)) broker.createTopic(name, partitions);
      });
    },
    partitionCount: (topic) => machine.call(() => broker.topics.get(topic) ?? null),
    offsets: (topic) => machine.call(() => broker.offsets(topic)),
    mirrored: (groupId, topic) =>
      machine.call(() => {
        const { committed } = groups.get(groupId);
        const found = partitionsOf(broker, topic).flatMap(({ partition }) => {
          const next = committed.get(keyOf({ topic, partition }));
          return next === undefined ? [] : [[partition, next] as const];
        });
        return new Map(found);
      }),
    retentionMs: async () => null,
    createProducer: async () => ({
      send: createProcessSend(deps),
      close: async () => undefined,
    }),
    createConsumer: ({ groupId, topics }) =>
      createMember({
        schedule,
        machine,
        broker,
        group: groups.get(groupId),
        topics,
        heartbeatMs: timeouts.heartbeatMs,
      }),
    async *read({ from, to, ...at }) {
      for (let next = from; next < to; ) {
        const position = next;
        const page = await machine.call(() => {
          const { start, end } = broker.bounds(at);
          if (position < start || to > end)
            throw new LecternError('OFFSET_OUT_OF_RANGE', `it holds offsets ${start} to ${end}`);
          return broker.read(at, position, PAGE).filter(({ offset }) => offset < to);
        });
        if (page.length === 0) return;
        yield page;
        next = page.at(-1)!.offset + 1;
      }
    },
    check: () => machine.call(() => undefined),
    close: async () => undefined,
  };
}
