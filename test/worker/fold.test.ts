import { describe, expect, test } from '@jest/globals';
import { unchanged } from '../../services/shared/reducer-api.ts';
import { createEntry } from '../../services/worker/entry.ts';
import { checkEntry, cutEntry, event, fold, moduleReducer, NOTHING } from '../support/folding.ts';

const list = moduleReducer<{ seen: number[] }>({ seen: [] }, (e, state) => {
  state.seen.push(e.client.n);
  if (e.client.bad === true) throw new Error('no good');
  return state;
});

describe('folding', () => {
  test('starts every key from its own copy of the null state', async () => {
    const [one, two] = [createEntry(list, 'a', NOTHING), createEntry(list, 'b', NOTHING)];
    await fold(one, event({ n: 1 }, 0));
    expect(two.value).toEqual({ seen: [] });
  });

  test('is undone for an event whose reducer throws, also what it changed in place, back over a cut', async () => {
    const entry = createEntry(list, 'a', NOTHING);
    await fold(entry, event({ n: 1 }, 0));
    await cutEntry(entry);
    await fold(entry, event({ n: 2 }, 1));
    const refused = await fold(entry, event({ n: 3, bad: true }, 2));
    await fold(entry, event({ n: 4 }, 3));
    expect(refused).toEqual([{ offset: 2, reason: 'no good', stack: expect.stringContaining('no good') }]);
    expect(entry.value).toEqual({ seen: [1, 2, 4] });
    expect(JSON.parse((await cutEntry(entry))!.internal!)).toEqual({ seen: [1, 2, 4] });
  });

  test('waits for an asynchronous reducer, and undoes one that rejects', async () => {
    const later = moduleReducer({ n: 0 }, async (e, state) => {
      state.n += 1;
      await Promise.resolve();
      if (e.client.bad === true) throw new Error('late');
      return state;
    });
    const entry = createEntry(later, 'a', NOTHING);
    expect(await fold(entry, event({}, 0))).toEqual([]);
    expect(await fold(entry, event({ bad: true }, 1))).toMatchObject([{ offset: 1, reason: 'late' }]);
    expect(entry.value).toEqual({ n: 1 });
  });

  test('refuses by verdict an event whose reducer does not end in time, and uses its state no more', async () => {
    let held: { n: number } | undefined;
    const hanging = moduleReducer({ n: 0 }, (e, state) => {
      state.n += 1;
      if (e.client.bad !== true) return state;
      held = state;
      return new Promise<never>(() => undefined);
    });
    const entry = createEntry(hanging, 'a', NOTHING);
    await fold(entry, event({}, 0));
    expect(await fold(entry, event({ bad: true }, 1))).toMatchObject([{ offset: 1, verdict: 'budget' }]);
    held!.n = 100;
    await fold(entry, event({}, 2));
    expect((await cutEntry(entry))!.internal).toBe('{"n":2}');
  });

  test('refuses a reducer that returns undefined', async () => {
    const entry = createEntry(moduleReducer({ n: 0 }, (() => undefined) as never), 'a', NOTHING);
    expect(await fold(entry, event({}, 5))).toMatchObject([
      { offset: 5, reason: expect.stringContaining('unchanged') },
    ]);
  });

  test('writes nothing for an event that the reducer leaves unchanged', async () => {
    const entry = createEntry(
      moduleReducer({ n: 0 }, () => unchanged),
      'a',
      NOTHING,
    );
    expect(await fold(entry, event({}, 0))).toBeNull();
    expect(await cutEntry(entry)).toBeNull();
  });
});

describe('whatever a reducer does', () => {
  const misbehaving: readonly [string, (state: { n: number }) => unknown][] = [
    [
      'throws what has no text',
      () => {
        throw Object.create(null);
      },
    ],
    [
      'throws an error whose message is no text',
      () => {
        throw Object.assign(new Error('x'), { message: 7n, stack: 7n });
      },
    ],
    [
      'returns 20,000 levels',
      () => {
        let deep: unknown = 1;
        for (let i = 0; i < 20_000; i++) deep = { deep };
        return deep;
      },
    ],
    ['returns a cycle', (state) => Object.assign(state, { self: state })],
    [
      'returns what throws when it is read',
      () => ({
        get n() {
          throw new Error('not you');
        },
      }),
    ],
    ['rejects with undefined', () => Promise.reject(undefined)],
  ];
  test.each(misbehaving)('one event is lost when it %s, and no more', async (_name, misbehave) => {
    const reducing = moduleReducer({ n: 0 }, (e, state) =>
      e.client.bad === true ? (misbehave(state) as never) : { n: state.n + 1 },
    );
    const entry = createEntry(reducing, 'a', NOTHING);
    const refused: number[] = [];
    for (const [offset, bad] of [false, true, false].entries()) {
      const refusals = [...((await fold(entry, event({ bad }, offset))) ?? []), ...(await checkEntry(entry))];
      for (const refusal of refusals) refused.push(refusal.offset);
      await cutEntry(entry);
    }
    expect(refused).toEqual([1]);
    expect(JSON.parse(entry.text!)).toEqual({ n: 2 });
  });

  test('a frozen state with an undefined property is a state', async () => {
    const freezing = moduleReducer<{ n: number }>({ n: 0 }, (_e, state) =>
      Object.freeze({ n: state.n + 1, last: undefined }),
    );
    const entry = createEntry(freezing, 'a', NOTHING);
    await fold(entry, event({}, 0));
    expect(await checkEntry(entry)).toEqual([]);
    expect((await cutEntry(entry))!.internal).toBe('{"n":1}');
  });

  test("a part of the event that it keeps and changes is nobody else's", async () => {
    const keeping = moduleReducer<{ items: number[] }>({ items: [] }, (e, state) => {
      if (e.client.items !== undefined) return { items: e.client.items as number[] };
      state.items.push(9);
      return state;
    });
    const [one, other] = [createEntry(keeping, 'a', NOTHING), createEntry(keeping, 'b', NOTHING)];
    const shared = event({ items: [1] }, 0);
    await fold(one, shared);
    await fold(other, shared);
    await fold(one, event({}, 1));
    expect(one.value).toEqual({ items: [1, 9] });
    expect(other.value).toEqual({ items: [1] });
  });
});
