import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { StateStore, Unit } from '../../services/shared/state/port.ts';
import { collect } from '../support/collect.ts';
import { checkpoint, checkpointContract, FACTS, LOG_END } from './state-store-checkpoints.ts';
import { claimContract } from './state-store-claims.ts';
import { deadLetterContract } from './state-store-dead-letters.ts';
import { hintContract } from './state-store-hints.ts';
import { lengthContract } from './state-store-lengths.ts';
import { removalContract } from './state-store-removals.ts';
import { resetContract } from './state-store-resets.ts';

export interface StateStoreContract {
  readonly name: string;
  /** `close` gives back what the store stands on; the store itself is closed by the suite. */
  readonly create: () => Promise<{ readonly store: StateStore; readonly close: () => Promise<void> }>;
  readonly describe: (name: string, body: () => void) => void;
}

const fieldsOf = (count: number): string[] => Array.from({ length: count }, (_, n) => `Internal,m.r,S:${n}`);

/** What every adapter of `StateStore` keeps. Each test has units of its own, so one store serves them all. */
export function stateStoreContract(contract: StateStoreContract): void {
  contract.describe(`the state store on ${contract.name}`, () => {
    let store: StateStore;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, close } = await contract.create());
    });
    afterAll(async () => {
      await store.close();
      await expect(store.check()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
      await close();
    });
    const newUnit = (): Unit => ({
      module: 'contract.v1',
      topic: `events.${randomUUID()}`,
      partition: 3,
    });
    const claimed = async (token = 'me'): Promise<Unit> => {
      const unit = newUnit();
      await store.claim(unit, token, FACTS, LOG_END);
      return unit;
    };

    test('a unit that nobody claimed has nothing', async () => {
      const unit = newUnit();
      expect(await store.position(unit)).toBeNull();
      expect(await store.readMany(unit, ['a', 'b'])).toEqual([null, null]);
      expect(await collect(store.entries(unit))).toEqual([]);
      expect(await collect(store.deadLetters(unit))).toEqual([]);
      expect(await store.deadLetterKeys(unit)).toEqual([]);
      const key = { reducer: 'm.r', offset: 0 };
      await store.relayed(unit, [{ ...key, copy: { partition: 0, offset: 0 } }]);
      expect(await store.deadLetterKeys(unit)).toEqual([]);
      expect(await store.mark(unit, 'me', key)).toBe(false);
      const refused = await store.checkpoint(unit, checkpoint({ token: 'me', expected: null, next: 1 }));
      expect(refused).toEqual({ status: 'refused', because: 'token', stored: null });
      expect(await store.position(unit)).toBeNull();
    });

    test('ten thousand fields are read in the order asked', async () => {
      const unit = await claimed();
      const fields = fieldsOf(10_000);
      for (let at = 0; at < fields.length; at += 1_000) {
        const states = Object.fromEntries(
          fields.slice(at, at + 1_000).map((field, n) => [field, `v${at + n}`]),
        );
        const step = checkpoint({ token: 'me', expected: at === 0 ? null : at, next: at + 1_000 }, states);
        expect(await store.checkpoint(unit, step)).toEqual({ status: 'done' });
      }
      const asked = [...fields].reverse();
      asked[7] = 'missing';
      const values = await store.readMany(unit, asked);
      expect(values).toEqual(asked.map((_, n) => (n === 7 ? null : `v${9_999 - n}`)));
      expect(await store.readMany(unit, [])).toEqual([]);

      const entries = new Map((await collect(store.entries(unit))).map(({ field, value }) => [field, value]));
      expect(entries).toEqual(new Map(fields.map((field, n) => [field, `v${n}`])));
      for await (const page of store.entries(unit)) {
        expect(page.length).toBeLessThan(5_000);
        break;
      }
    });

    test.each([
      ['ASCII', 'Internal,m.r,EventField.a:%25%2C%3A b"\'\\{}[]'],
      ['other scripts', 'STUDENT:学生-søren-🦉'],
      ['control characters', 'a\0b\nc\r\td\u007f'],
      ['nothing', ''],
      ['2,000 bytes', 'k'.repeat(2_000)],
      ['2,000 other bytes', `${'k'.repeat(1_999)}x`],
      ['a mebibyte', '学'.repeat(350_000)],
    ])('a field named with %s is kept apart', async (_, field) => {
      const unit = await claimed();
      const states = { [field]: 'this', [`${field}.`]: 'other' };
      await store.checkpoint(unit, checkpoint({ token: 'me', expected: null, next: 1 }, states));
      expect(await store.readMany(unit, [field, `${field}.`, `${field}!`])).toEqual(['this', 'other', null]);
      const entries = await collect(store.entries(unit));
      expect(Object.fromEntries(entries.map((entry) => [entry.field, entry.value]))).toEqual(states);
      await store.checkpoint(unit, checkpoint({ token: 'me', expected: 1, next: 2 }, { [field]: null }));
      expect(await store.readMany(unit, [field, `${field}.`])).toEqual([null, 'other']);
    });

    test('from where on a unit is complete is kept, whoever claims it', async () => {
      const unit = await claimed('old');
      const save = (token: string, expected: number | null, next: number, more = {}) =>
        store.checkpoint(unit, checkpoint({ token, expected, next, ...more }));
      await save('old', null, 3, { completeAt: 7 });
      await save('old', 3, 9);
      expect(await store.position(unit)).toMatchObject({ next: 9, completeAt: 7 });
      await store.claim(unit, 'new', FACTS, LOG_END);
      await save('old', 9, 9, { completeAt: 1 });
      expect(await store.position(unit)).toMatchObject({ next: 9, completeAt: 7 });
    });

    test('units do not see each other', async () => {
      const base = newUnit();
      const units = [
        base,
        { ...base, module: 'contract.v2' },
        { ...base, topic: `${base.topic}x` },
        { ...base, partition: 30 },
      ];
      for (const [n, unit] of units.entries()) {
        await store.claim(unit, `owner-${n}`, FACTS, LOG_END);
        const step = checkpoint({ token: `owner-${n}`, expected: null, next: n + 1 }, { f: `value-${n}` });
        expect(await store.checkpoint(unit, step)).toEqual({ status: 'done' });
      }
      for (const [n, unit] of units.entries()) {
        expect(await collect(store.entries(unit))).toEqual([{ field: 'f', value: `value-${n}` }]);
        expect((await store.position(unit))!.next).toBe(n + 1);
      }
    });

    test('fields of every kind are the same to it', async () => {
      const unit = await claimed();
      const states = Object.fromEntries(
        ['Internal', 'External', 'Session', 'Mark', 'Part', 'meta', 'next', 'm.r@1'].map((kind) => [
          `${kind},m.r,STUDENT:s`,
          `of ${kind}`,
        ]),
      );
      states.next = 'a field';
      states['m.r@1'] = 'another';
      await store.checkpoint(unit, checkpoint({ token: 'me', expected: null, next: 1 }, states));
      expect(await store.readMany(unit, Object.keys(states))).toEqual(Object.values(states));
      const entries = await collect(store.entries(unit));
      expect(Object.fromEntries(entries.map(({ field, value }) => [field, value]))).toEqual(states);
      expect((await store.position(unit))!.next).toBe(1);
      expect(await store.deadLetterKeys(unit)).toEqual([]);
      const gone = Object.fromEntries(Object.keys(states).map((field) => [field, null]));
      await store.checkpoint(unit, checkpoint({ token: 'me', expected: 1, next: 2 }, gone));
      expect(await collect(store.entries(unit))).toEqual([]);
    });

    test('it answers', async () => {
      await store.check();
    });

    claimContract(() => ({ store, newUnit }));
    deadLetterContract(() => ({ store, newUnit }));
    checkpointContract(() => ({ store, newUnit }));
    lengthContract(() => ({ store, newUnit }));
    removalContract(() => ({ store, newUnit }));
    resetContract(() => ({ store, newUnit }));
    hintContract(() => ({ store, newUnit }));
  });
}
