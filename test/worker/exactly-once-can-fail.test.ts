import { describe, expect, test } from '@jest/globals';
import type { ConsumerHandlers, LogRecord, Producer } from '../../services/shared/log/port.ts';
import type { StateStore, Unit } from '../../services/shared/state/port.ts';
import type { WorkerDeps } from '../../services/worker/worker.ts';
import { createMemoryState } from '../support/memory-state.ts';
import { checkScripts } from '../support/world/check-scripts.ts';
import { isRekeyTopic } from '../support/world/rekeyed.ts';
import type { WorldOptions } from '../support/world/world.ts';

type Broken = Omit<WorldOptions, 'script' | 'logger'>;

/** What a process knows, changed on its way there. */
const processWhose = <P extends 'state' | 'control' | 'history'>(
  port: P,
  change: (real: WorkerDeps[P]) => Partial<WorkerDeps[P]>,
): Broken => ({ spoil: (deps) => ({ ...deps, [port]: { ...deps[port], ...change(deps[port]) } }) });

/** The store itself, for everybody. */
const storeThat = (change: (real: StateStore) => Partial<StateStore>): Broken => ({
  createStore() {
    const { store } = createMemoryState();
    return { ...store, ...change(store) };
  },
});

const logThat = (deliver: (records: readonly LogRecord[]) => readonly LogRecord[]): Broken => ({
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
const publishing = (send: (real: Producer['send']) => Producer['send']): Broken => ({
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
const resumingBeside = (by: number): Broken =>
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
const keepingStates = (): Broken =>
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

const BROKEN: readonly (readonly [string, Broken])[] = [
  ['a worker that resumes one record too early', resumingBeside(-1)],
  ['a worker that resumes one record too late', resumingBeside(1)],
  ['a worker that keeps its states when it lost a claim', keepingStates()],
  [
    'a worker that takes a refusal for success',
    processWhose('state', (state) => ({
      async checkpoint(...args) {
        const reply = await state.checkpoint(...args);
        return reply.status === 'refused' ? { status: 'done' } : reply;
      },
    })),
  ],
  [
    'a worker that keeps its verdicts to itself',
    processWhose('control', () => ({ publish: async () => undefined })),
  ],
  [
    'a worker that misses the last archived record',
    processWhose('history', (history) => ({
      async *archived(...args) {
        for await (const records of history.archived(...args))
          if (records.length > 1) yield records.slice(0, -1);
      },
    })),
  ],
  [
    'a store that does not compare offsets',
    storeThat((store) => ({
      async checkpoint(unit, checkpoint) {
        const expected = (await store.position(unit))?.next ?? null;
        return store.checkpoint(unit, { ...checkpoint, expected });
      },
    })),
  ],
  [
    'a store that does not compare owners',
    storeThat((store) => {
      const owners = new Map<string, string>();
      const nameOf = ({ module, topic, partition }: Unit): string => `${module} ${topic} ${partition}`;
      return {
        claim(unit, token, ...facts) {
          owners.set(nameOf(unit), token);
          return store.claim(unit, token, ...facts);
        },
        checkpoint: (unit, checkpoint) =>
          store.checkpoint(unit, { ...checkpoint, token: owners.get(nameOf(unit)) ?? checkpoint.token }),
      };
    }),
  ],
  [
    'a store that writes states without the offset when it is interrupted',
    storeThat((store) => ({
      checkpoint: (unit, checkpoint) =>
        store.checkpoint(
          unit,
          checkpoint.next % 7 === 3 ? { ...checkpoint, next: checkpoint.next - 1 } : checkpoint,
        ),
    })),
  ],
  [
    'a store that forgets dead letters',
    storeThat((store) => ({
      checkpoint: (unit, checkpoint) => store.checkpoint(unit, { ...checkpoint, deadLetters: [] }),
    })),
  ],
  [
    'a worker that forgets what it had of a source',
    processWhose('state', (state) => ({
      async readMany(unit, fields) {
        const texts = await state.readMany(unit, fields);
        return texts.map((text, index) => (fields[index]!.startsWith('Mark,') ? null : text));
      },
    })),
  ],
  [
    'a worker whose checkpoints do not wait until events are published under other keys',
    publishing((send) => async (records) => {
      send(records).catch(() => undefined);
      return [];
    }),
  ],
  [
    'a worker that publishes events of a source in no order',
    publishing((send) => (records) => send(records.toReversed())),
  ],
  [
    'a worker that takes what others have of a source for more than it is',
    processWhose('state', (state) => ({
      async readMany(unit, fields) {
        const texts = await state.readMany(unit, fields);
        const isGate = fields.length === 1 && fields[0]!.startsWith('Mark,');
        return isGate ? texts.map((text) => (text === null ? null : '20,0')) : texts;
      },
    })),
  ],
  ['a log that loses a record', logThat((records) => records.filter(({ offset }) => offset % 50 !== 7))],
  [
    'a log that swaps two records',
    logThat((records) => (records.length > 5 ? records.toReversed() : records)),
  ],
];

/** Some are found out by a world that never comes to rest, which takes a while to be sure of. */
const TIMEOUT_MS = 120_000;

describe('the property that every state is the fold of its events', () => {
  test.each(BROKEN)(
    'finds out %s',
    async (_, options) => {
      await expect(checkScripts({ runs: 300, seed: 1, options, asFound: true })).rejects.toThrow(
        /should be|does not come to rest/,
      );
    },
    TIMEOUT_MS,
  );
});
