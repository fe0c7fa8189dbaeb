import { afterEach, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { parseCopy } from '../../services/shared/dead-letter-copy.ts';
import type { OutgoingRecord, Producer } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import type { DeadLetter, OpenDeadLetter, Unit } from '../../services/shared/state/port.ts';
import { deadLettersTopic } from '../../services/shared/topics.ts';
import { createDeadLetterMetrics } from '../../services/worker/dead-letter-metrics.ts';
import {
  createDeadLetterRelay,
  type DeadLetterRelay,
  type DeadLetterRelayDeps,
} from '../../services/worker/dead-letter-relay.ts';
import { collect } from '../support/collect.ts';
import { createMemoryState, type MemoryState } from '../support/memory-state.ts';
import { NO_CHANGES } from '../support/no-changes.ts';
import { waitFor } from '../support/wait.ts';

const TOKEN = 'owner';
const unit: Unit = { module: 'm.v1', topic: 't.events.org.test', partition: 2 };
const other: Unit = { ...unit, partition: 5 };

const letterOf = (of: Unit, offset: number, reason = `refused ${offset}`): DeadLetter => ({
  reducer: 'm.r',
  version: 1,
  topic: of.topic,
  partition: of.partition,
  offset,
  reason,
  stack: 'at reduce',
});

/** A clock whose times come at once. */
const soon: DeadLetterRelayDeps['clock'] = {
  every(_, action) {
    const immediate = setImmediate(action);
    return () => clearImmediate(immediate);
  },
};

/** As the owner of a unit does: what is in the list is open in the store then. */
async function open({ store }: MemoryState, of: Unit, letters: readonly DeadLetter[]): Promise<void> {
  await store.claim(of, TOKEN, { formatVersion: 2, partitions: 8, reducersHash: 'h' }, 0);
  const expected = (await store.position(of))!.next;
  const reply = await store.checkpoint(of, {
    token: TOKEN,
    expected,
    next: (expected ?? 0) + 1,
    ...NO_CHANGES,
    deadLetters: letters,
  });
  expect(reply.status).toBe('done');
}

const relays: DeadLetterRelay[] = [];
afterEach(async () => {
  for (const relay of relays.splice(0)) await relay.stop();
});

function house(deps: Partial<DeadLetterRelayDeps> = {}) {
  const state = createMemoryState();
  const sent: OutgoingRecord[] = [];
  const faults: Error[] = [];
  /** How many answers are lost of what the log took. */
  let losing = 0;
  const producer: Pick<Producer, 'send'> = {
    async send(records) {
      await new Promise((resolve) => setImmediate(resolve));
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      const first = sent.length;
      sent.push(...records);
      if (losing > 0) {
        losing -= 1;
        throw new Error('the answer was lost');
      }
      return records.map(({ topic }, index) => ({ topic, partition: 0, offset: first + index }));
    },
  };
  const registry = new Registry();
  const metrics = createDeadLetterMetrics(registry);
  const relay = createDeadLetterRelay({
    producer,
    state: state.store,
    namespace: 't',
    clock: soon,
    logger: createLogger({ service: 'test', level: 'silent' }),
    relayed: metrics.relayed,
    ...deps,
  });
  relays.push(relay);
  const openOf = (of: Unit): Promise<OpenDeadLetter[]> => collect(state.store.deadLetters(of));
  return {
    state,
    sent,
    faults,
    relay,
    registry,
    openOf,
    loseAnswers: (count: number) => {
      losing = count;
    },
    copied: (of: Unit, count: number) =>
      waitFor(async () => (await openOf(of)).filter(({ copy }) => copy !== null).length === count),
  };
}

test('a stored dead letter is copied whole, and the store keeps only where the copy is', async () => {
  const { state, sent, relay, registry, openOf, copied } = house();
  const letter = letterOf(unit, 7);
  await open(state, unit, [letter]);
  relay.relay(unit, [letter]);
  await copied(unit, 1);
  expect(sent).toHaveLength(1);
  expect(sent[0]).toMatchObject({ topic: deadLettersTopic('t'), key: 'm.v1/t.events.org.test/2/m.r@7' });
  expect(parseCopy(sent[0]!.value)).toEqual({
    id: 'm.v1/t.events.org.test/2/m.r@7',
    module: 'm.v1',
    ...letter,
  });
  const { reason: _, stack: __, ...stays } = letter;
  expect(await openOf(unit)).toEqual([{ ...stays, copy: { partition: 0, offset: 0 } }]);
  expect(await registry.metrics()).toContain('lectern_dead_letters_relayed_total{module="m.v1"} 1');
});

test('after a claim those in the store without a copy are copied, and no others', async () => {
  const { state, sent, relay, copied } = house();
  const letters = Array.from({ length: 250 }, (_, offset) => letterOf(unit, offset));
  await open(state, unit, letters);
  await state.store.relayed(unit, [{ reducer: 'm.r', offset: 3, copy: { partition: 0, offset: 99 } }]);
  relay.relay(unit, null);
  await copied(unit, 250);
  expect(sent).toHaveLength(249);
});

test('a log that is away, and a store that is, only delay the copies', async () => {
  const { state, sent, faults, relay, copied } = house();
  await open(state, unit, [letterOf(unit, 1), letterOf(unit, 2)]);
  faults.push(new Error('no broker'), new Error('no broker'));
  relay.relay(unit, [letterOf(unit, 1)]);
  relay.relay(unit, [letterOf(unit, 2)]);
  state.setAway(true);
  await waitFor(() => sent.length > 0);
  state.setAway(false);
  await copied(unit, 2);
});

test('a copy whose answer was lost is made again under the same id', async () => {
  const { state, sent, relay, loseAnswers, copied } = house();
  await open(state, unit, [letterOf(unit, 1)]);
  loseAnswers(1);
  relay.relay(unit, [letterOf(unit, 1)]);
  await copied(unit, 1);
  expect(sent.map(({ key }) => key)).toEqual([sent[0]!.key, sent[0]!.key]);
});

test('a copy that the log took as a repeat without a place is made again', async () => {
  const offsets = [null, 4];
  const { state, relay, openOf, copied } = house({
    producer: {
      send: async (records) =>
        records.map(({ topic }) => ({ topic, partition: 0, offset: offsets.shift()! })),
    },
  });
  await open(state, unit, [letterOf(unit, 1)]);
  relay.relay(unit, [letterOf(unit, 1)]);
  await copied(unit, 1);
  expect(await openOf(unit)).toMatchObject([{ copy: { partition: 0, offset: 4 } }]);
});

test('beyond its bound nothing more is kept in memory, and everything is copied all the same', async () => {
  const { state, relay, copied, faults } = house({ maxWaiting: 10 });
  const letters = Array.from({ length: 60 }, (_, offset) => letterOf(unit, offset));
  const others = Array.from({ length: 20 }, (_, offset) => letterOf(other, offset));
  await open(state, unit, letters);
  await open(state, other, others);
  faults.push(...Array.from({ length: 5 }, () => new Error('no broker')));
  for (const letter of letters) relay.relay(unit, [letter]);
  relay.relay(other, others);
  await Promise.all([copied(unit, 60), copied(other, 20)]);
});

test('what is handed over beyond the bound is not kept, but looked up', async () => {
  const { state, sent, relay } = house({ maxWaiting: 10 });
  await open(state, unit, [letterOf(unit, 50)]);
  for (let offset = 0; offset < 60; offset++) relay.relay(unit, [letterOf(unit, offset)]);
  await waitFor(() => sent.some(({ key }) => key.endsWith('@50')));
  expect(sent).toHaveLength(11);
});

test('a store that is away when it is looked up is looked up again', async () => {
  const { state, relay, copied } = house();
  await open(state, unit, [letterOf(unit, 1)]);
  state.setAway(true);
  relay.relay(unit, null);
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  state.setAway(false);
  await copied(unit, 1);
});

test('a dead letter that was closed meanwhile stays closed', async () => {
  const { state, sent, relay, openOf } = house();
  await open(state, unit, []);
  relay.relay(unit, [letterOf(unit, 1)]);
  await waitFor(() => sent.length === 1);
  await relay.stop();
  expect(await openOf(unit)).toEqual([]);
});

test('one that was opened again ends with the copy of its last reason', async () => {
  const { state, sent, relay, openOf, copied } = house();
  await open(state, unit, [letterOf(unit, 1, 'first')]);
  relay.relay(unit, [letterOf(unit, 1, 'first')]);
  await open(state, unit, [letterOf(unit, 1, 'second')]);
  relay.relay(unit, [letterOf(unit, 1, 'second')]);
  await waitFor(() => sent.length === 2);
  await copied(unit, 1);
  await relay.stop();
  const [letter] = await openOf(unit);
  const copy = letter!.copy!;
  expect(parseCopy(sent[copy.offset]!.value)?.reason).toBe('second');
});

test('handing over no letters leaves it ready for the next', async () => {
  const { state, relay, copied } = house();
  await open(state, unit, [letterOf(unit, 1)]);
  relay.relay(unit, []);
  relay.relay(unit, [letterOf(unit, 1)]);
  await copied(unit, 1);
});

test('it stops while the log is away', async () => {
  const { state, relay, faults } = house({ clock: { every: () => () => undefined } });
  await open(state, unit, [letterOf(unit, 1)]);
  faults.push(new Error('no broker'));
  relay.relay(unit, [letterOf(unit, 1)]);
  await waitFor(() => faults.length === 0);
  await relay.stop();
});
