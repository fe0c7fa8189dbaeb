import type {
  ConsumerHandlers,
  LogRecord,
  Producer,
  TopicPartition,
} from '../../../services/shared/log/port.ts';
import type { StateStore } from '../../../services/shared/state/port.ts';
import { moduleGroup } from '../../../services/shared/topics.ts';
import type { WorkerDeps } from '../../../services/worker/worker.ts';
import { createMemoryState } from '../memory-state.ts';
import { isRekeyTopic } from './rekeyed.ts';
import type { WorldOptions } from './world.ts';

/** Worlds that are broken on purpose, by which it is shown that they are found out. */
export type Broken = Omit<WorldOptions, 'script' | 'logger'>;

/** What a process knows, changed on its way there. */
export const processWhose = <P extends 'state' | 'control' | 'history'>(
  port: P,
  change: (real: WorkerDeps[P]) => Partial<WorkerDeps[P]>,
): Broken => ({ spoil: (deps) => ({ ...deps, [port]: { ...deps[port], ...change(deps[port]) } }) });

/** The store itself, for everybody. */
export const storeThat = (change: (real: StateStore) => Partial<StateStore>): Broken => ({
  createStore() {
    const { store } = createMemoryState();
    return { ...store, ...change(store) };
  },
});

export const logThat = (deliver: (records: readonly LogRecord[]) => readonly LogRecord[]): Broken => ({
  spoil: ({ log, ...deps }) => ({
    ...deps,
    log: {
      ...log,
      createConsumer(options) {
        const consumer = log.createConsumer(options);
        const run = (handlers: ConsumerHandlers): Promise<void> =>
          consumer.run({
            ...handlers,
            async batch(batch) {
              const records = deliver(batch.records);
              if (records.length > 0) await handlers.batch({ ...batch, records });
            },
          });
        return { ...consumer, run };
      },
    },
  }),
});

/** What is sent to a rekey topic, changed on its way there. */
export const publishing = (send: (real: Producer['send']) => Producer['send']): Broken => ({
  spoil: ({ log, ...deps }) => ({
    ...deps,
    log: {
      ...log,
      async createProducer() {
        const producer = await log.createProducer();
        const spoilt = send(producer.send);
        return {
          ...producer,
          send: (records) => (isRekeyTopic(records[0]!.topic) ? spoilt(records) : producer.send(records)),
        };
      },
    },
  }),
});

/** Claims of a worker that goes on so many offsets beside the stored one. */
export const resumingBeside = (by: number): Broken =>
  processWhose('state', (state) => {
    const real = new Map<string, number>();
    return {
      async claim(...args) {
        const claim = await state.claim(...args);
        if (claim.next === null || claim.next + by < 0) return claim;
        real.set(args[1], claim.next);
        return { ...claim, next: claim.next + by, anchor: null };
      },
      checkpoint(unit, checkpoint) {
        const stored = real.get(checkpoint.token);
        real.delete(checkpoint.token);
        return state.checkpoint(
          unit,
          stored === undefined ? checkpoint : { ...checkpoint, expected: stored },
        );
      },
    };
  });

/** States that are kept in memory from one claim to the next. */
export const keepingStates = (): Broken =>
  processWhose('state', (state) => {
    const kept = new Map<string, string | null>();
    return {
      async readMany(unit, fields) {
        const read = await state.readMany(unit, fields);
        return read.map(
          (text, index) => kept.get(`${unit.topic} ${unit.partition} ${fields[index]!}`) ?? text,
        );
      },
      checkpoint(unit, checkpoint) {
        for (const [field, text] of checkpoint.states)
          kept.set(`${unit.topic} ${unit.partition} ${field}`, text);
        return state.checkpoint(unit, checkpoint);
      },
    };
  });

/** A worker that gives reducers less time than some of their events take. */
export const impatient = (budgetMs: number): Broken => ({
  spoil: (deps) => ({ ...deps, limits: { ...deps.limits, budgetMs } }),
});

/** A worker that goes on at its position, without a look at what the log holds before it. */
export const lookingBackAtNothing = (): Broken => ({
  spoil({ state, log, namespace, ...deps }) {
    /** By group and partition: where its last claim goes on. */
    const positions = new Map<string, number>();
    const nameOf = (groupId: string, { topic, partition }: TopicPartition): string =>
      `${groupId} ${topic} ${partition}`;
    return {
      ...deps,
      namespace,
      state: {
        ...state,
        async claim(unit, ...args) {
          const claim = await state.claim(unit, ...args);
          positions.set(nameOf(moduleGroup(namespace, unit.module), unit), claim.next ?? 0);
          return { ...claim, anchor: null };
        },
      },
      log: {
        ...log,
        createConsumer(options) {
          const consumer = log.createConsumer(options);
          const start = (at: TopicPartition, from: number): void =>
            consumer.start(at, Math.max(from, positions.get(nameOf(options.groupId, at)) ?? 0));
          return { ...consumer, start };
        },
      },
    };
  },
});
