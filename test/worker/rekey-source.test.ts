import { describe, expect, test } from '@jest/globals';
import { partitionOf } from '../../services/shared/partition.ts';
import type { Checkpoint } from '../../services/shared/state/port.ts';
import { originOf } from '../../services/worker/rekey-origin.ts';
import {
  createSourceHouse as createHouse,
  item,
  KEYS,
  PARTITIONS,
  SOURCE,
} from '../support/rekey-source-house.ts';

const placed = (keys: readonly string[]) =>
  keys.map((key) => `${key}:${KEYS.indexOf(key)}@${partitionOf(key, PARTITIONS)}`);

describe('a source unit', () => {
  test('publishes the record of an event as it is, once for each key, and folds it too', () => {
    const { reduce, taken, folded, published } = createHouse();
    const given = item(17);
    reduce.item(given, []);
    expect(folded).toEqual([given]);
    expect(published()).toEqual(placed(KEYS));
    for (const { offset, record } of taken) {
      expect(offset).toBe(17);
      expect(record.topic).toBe('n.rekey.m.v1');
      expect(record.value.equals(given.event!.value)).toBe(true);
      expect(originOf(record.headers!)).toMatchObject({ ...SOURCE, offset: 17 });
    }
  });

  test('publishes the same after a crash, whatever was published before', () => {
    const [before, after] = [createHouse(), createHouse()];
    for (const { reduce } of [before, after]) for (const offset of [1, 2]) reduce.item(item(offset), []);
    expect(after.published()).toEqual(before.published());
  });

  test('publishes only what is above the marks, in each partition for itself', () => {
    const marks = [{ offset: 5, n: 2 }, null, { offset: 6, n: 0 }];
    const { reduce, taken } = createHouse({ marks });
    for (const offset of [4, 5, 6, 7]) reduce.item(item(offset), []);
    const all = [4, 5, 6, 7].flatMap((offset) => KEYS.map((key, n) => ({ offset, key, n })));
    const expected = all.filter(({ offset, key, n }) => {
      const mark = marks[partitionOf(key, PARTITIONS)];
      return mark == null || offset > mark.offset || (offset === mark.offset && n > mark.n);
    });
    expect(expected.length).toBeLessThan(all.length);
    expect(
      taken.map(({ offset, record }) => ({ offset, key: record.key, n: originOf(record.headers!)!.n })),
    ).toEqual(expected);
  });

  test('publishes nothing of a record that is no event, or that has no key', () => {
    const { reduce, taken } = createHouse();
    reduce.item(item(1, { event: null, refusal: 'garbage' }), []);
    const { reduce: keyless, taken: none } = createHouse({ keys: () => [] });
    keyless.item(item(1), []);
    expect([...taken, ...none]).toEqual([]);
  });

  test('publishes a requeued event when the original could be given to nobody, while its dead letter is open', () => {
    const { reduce, taken } = createHouse({ open: ['m@3', 'm@4', 'm.r@4'] });
    reduce.item(item(10, { requeued: { reducer: 'm', offset: 2 } }), []);
    reduce.item(item(11, { requeued: { reducer: 'm.r', offset: 4 } }), []);
    expect(taken).toEqual([]);
    reduce.item(item(12, { requeued: { reducer: 'm', offset: 3 } }), []);
    expect(taken.map(({ offset }) => offset)).toEqual(KEYS.map(() => 12));
  });

  test('asks for the dead letter before folding closes it', () => {
    const open = ['m@3'];
    const { reduce, taken } = createHouse({
      open,
      fold() {
        open.pop();
        return undefined;
      },
    });
    reduce.item(item(12, { requeued: { reducer: 'm', offset: 3 } }), []);
    expect(taken).toHaveLength(KEYS.length);
  });

  test('publishes nothing of an event that is left out of the whole module', () => {
    const { reduce, taken } = createHouse({ verdicts: ['m@7', 'm.r@8'] });
    reduce.item(item(7), []);
    expect(taken).toEqual([]);
    reduce.item(item(8), []);
    expect(taken).toHaveLength(KEYS.length);
  });

  test('refuses an event whose keys cannot be read, as a whole and once', () => {
    const { reduce, taken, folded } = createHouse({
      keys() {
        throw new SyntaxError('no JSON');
      },
    });
    reduce.item(item(7, { keys: ['STUDENT:s'] }), [null]);
    expect(taken).toEqual([]);
    expect(folded).toMatchObject([
      { offset: 7, event: null, refusal: 'no key can be read from the event: no JSON' },
    ]);
  });

  test('lets the next event wait for room, and for the fold', async () => {
    let makeRoom = (): void => undefined;
    const room = new Promise<void>((resolve) => {
      makeRoom = resolve;
    });
    const { reduce } = createHouse({ room });
    let passed = false;
    const pending = Promise.resolve(reduce.item(item(1), [])).then(() => {
      passed = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(passed).toBe(false);
    makeRoom();
    await pending;
    const failing = createHouse({ fold: () => Promise.reject(new Error('a bug')), room: Promise.resolve() });
    await expect(failing.reduce.item(item(1), [])).rejects.toThrow('a bug');
  });

  test('costs no turn of the event loop where folding costs none and there is room', () => {
    expect(createHouse().reduce.item(item(1), [])).toBeUndefined();
  });
});

describe('a checkpoint of a source unit', () => {
  const checkpoint = (next: number) => ({ next }) as Checkpoint;

  test('is sent when everything below it is published, one after another', async () => {
    const { source, asked, setAcknowledge } = createHouse();
    const answers = new Map<number, () => void>();
    setAcknowledge((below) => new Promise((resolve) => void answers.set(below, resolve)));
    const sent: number[] = [];
    const send = source.send(async ({ next }) => {
      sent.push(next);
      return { status: 'done' };
    });
    const [first, second] = [send(checkpoint(5)), send(checkpoint(9))];
    await new Promise((resolve) => setImmediate(resolve));
    expect([asked, sent]).toEqual([[5], []]);
    answers.get(5)!();
    await first;
    expect(sent).toEqual([5]);
    await new Promise((resolve) => setImmediate(resolve));
    answers.get(9)!();
    expect(await second).toEqual({ status: 'done' });
    expect(sent).toEqual([5, 9]);
  });

  test('is not sent when something below it, or below one before it, cannot be published', async () => {
    const { source, setAcknowledge } = createHouse();
    let failing = true;
    setAcknowledge(async () => {
      if (failing) throw new Error('the broker is away');
    });
    const sent: number[] = [];
    const send = source.send(async ({ next }) => {
      sent.push(next);
      return { status: 'done' };
    });
    await expect(send(checkpoint(5))).rejects.toThrow('the broker is away');
    failing = false;
    await expect(send(checkpoint(9))).rejects.toThrow('the broker is away');
    expect(sent).toEqual([]);
  });

  test('comes with the end of publishing when the claim is over', () => {
    const { source, closed } = createHouse();
    source.close();
    expect(closed()).toBe(true);
  });
});
