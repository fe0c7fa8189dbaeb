import type { EmbeddedEnv } from '../shared/embedded.ts';
import type { History } from '../shared/history/port.ts';
import { createArchivedLog } from '../shared/log/archived.ts';
import { createEmbeddedLog } from '../shared/log/embedded.ts';
import type { EventLog, Producer, TopicSpec } from '../shared/log/port.ts';
import type { Module } from '../shared/module.ts';
import { createEmbeddedState } from '../shared/state/embedded.ts';
import type { StateStore, Unit } from '../shared/state/port.ts';
import { controlTopic, deadLettersTopic, eventsTopic, rekeyTopic } from '../shared/topics.ts';
import type { ToldRecords } from './told-records.ts';

export interface StoresDeps {
  readonly records: ToldRecords;
  /** Of topics of which nothing is recorded. */
  readonly partitions: number;
  readonly module: Module;
  readonly namespace: string;
  readonly env: EmbeddedEnv;
}

/** What a worker needs to reduce what is recorded as if it were live. */
export interface Stores {
  readonly log: EventLog;
  readonly state: StateStore;
  readonly history: History;
}

/** The topics that a module has units of: its sources', then that of their events under other keys. */
export function unitTopics(module: Module, namespace: string): readonly string[] {
  const events = module.contexts.map((context) => eventsTopic(namespace, context));
  return module.rekeyed ? [...events, rekeyTopic(namespace, module.id)] : events;
}

function topicsOf({ records, partitions, module, namespace }: StoresDeps): readonly TopicSpec[] {
  const rekey = rekeyTopic(namespace, module.id);
  return [
    { name: controlTopic(namespace), partitions: 1 },
    ...unitTopics(module, namespace).map((name) => ({
      name,
      // Where keys go depends on how many there are, and of the last ones there may be nothing yet.
      partitions: name === rekey ? partitions : (records.ranges.get(name)?.length ?? partitions),
    })),
  ];
}

/** Dead letters stay in the store as they are: nobody would look for their copies, which so go nowhere. */
function withoutCopies(producer: Producer, topic: string): Producer {
  return {
    ...producer,
    send: async (records) =>
      records.every((record) => record.topic === topic)
        ? records.map(() => ({ topic, partition: 0, offset: 0 }))
        : producer.send(records),
  };
}

/** What was passed over behind the last record that is wanted is as good as reduced. */
function withPassedOver(state: StateStore, { ranges, wantedUpTo }: ToldRecords): StateStore['position'] {
  return async (unit: Unit) => {
    const position = await state.position(unit);
    const end = ranges.get(unit.topic)?.[unit.partition]?.end ?? 0;
    const wanted = wantedUpTo(unit);
    const next = position?.next ?? 0;
    const isThrough = wanted !== null && next >= wanted && next < end;
    return position === null || !isThrough ? position : { ...position, next: end };
  };
}

/** The log begins with what is recorded, and its history is all of it. */
export async function openStores(deps: StoresDeps): Promise<Stores> {
  const { records, namespace, env } = deps;
  const inner = createEmbeddedLog({ env });
  await inner.ensureTopics(topicsOf(deps));
  const archived = createArchivedLog({ recorded: records, inner });
  const letters = deadLettersTopic(namespace);
  const log: EventLog = {
    ...archived,
    createProducer: async () => withoutCopies(await archived.createProducer(), letters),
  };
  const state = createEmbeddedState({ env });
  return {
    log,
    state: { ...state, relayed: async () => undefined, position: withPassedOver(state, records) },
    history: {
      start: async ({ topic, partition }) => (await log.offsets(topic))[partition]?.start ?? 0,
      conflict: async () => null,
      async *archived() {},
      read: (range) => log.read(range),
    },
  };
}
