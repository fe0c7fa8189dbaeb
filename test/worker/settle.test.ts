import { describe, expect, test } from '@jest/globals';
import { states, unchanged } from '../../services/shared/reducer-api.ts';
import { HIDDEN } from '../../services/shared/state-key.ts';
import { createEntry } from '../../services/worker/entry.ts';
import { checkEntry, cutEntry, event, fold, moduleReducer, NOTHING } from '../support/folding.ts';

describe('a cut', () => {
  test('refuses exactly the events that led to a state that is no JSON', async () => {
    const dividing = moduleReducer<{ values: number[] }>({ values: [] }, (e, state) => {
      state.values.push(1 / e.client.by);
      return state;
    });
    const entry = createEntry(dividing, 'a', NOTHING);
    for (const [offset, by] of [2, 0, 4, 0, 5].entries()) await fold(entry, event({ by }, offset));
    const refused = await checkEntry(entry);
    expect(refused.map(({ offset, verdict }) => [offset, verdict])).toEqual([
      [1, 'state'],
      [3, 'state'],
    ]);
    expect(JSON.parse((await cutEntry(entry))!.internal!)).toEqual({ values: [0.5, 0.25, 0.2] });
  });

  test('refuses by verdict the event that made the state too large, and takes the next', async () => {
    const writing = moduleReducer({ text: '' }, (e) => ({ text: 'x'.repeat(e.client.length) }));
    const entry = createEntry(writing, 'a', NOTHING);
    for (const [offset, length] of [5, 20_000, 20_000].entries())
      await fold(entry, event({ length }, offset));
    expect((await checkEntry(entry)).map(({ offset, verdict }) => [offset, verdict])).toEqual([
      [1, 'state'],
      [2, 'state'],
    ]);
    expect((await cutEntry(entry))!.internal).toBe('{"text":"xxxxx"}');
  });

  describe('of a reducer with two states', () => {
    const split = moduleReducer({ n: 0 }, (e, state) => {
      const next = { n: state.n + 1 };
      if (e.client.only === 'internal') return states(next, unchanged);
      return e.client.single === true ? next : states(next, { shown: next.n });
    });

    test('writes both', async () => {
      const entry = createEntry(split, 'a', NOTHING);
      await fold(entry, event({}, 0));
      expect(await cutEntry(entry)).toEqual({ internal: '{"n":1}', external: '{"shown":1}' });
    });

    test('leaves a stored external state alone when the reducer does', async () => {
      const entry = createEntry(split, 'a', { internal: '{"n":1}', external: '{"shown":1}' });
      await fold(entry, event({ only: 'internal' }, 1));
      expect(await cutEntry(entry)).toEqual({ internal: '{"n":2}', external: undefined });
    });

    test('hides the internal state of a reducer that has nothing to show yet', async () => {
      const entry = createEntry(split, 'a', NOTHING);
      await fold(entry, event({ only: 'internal' }, 0));
      expect(await cutEntry(entry)).toEqual({ internal: '{"n":1}', external: HIDDEN });
      await fold(entry, event({}, 1));
      expect(await cutEntry(entry)).toEqual({ internal: '{"n":2}', external: '{"shown":2}' });
    });

    test('removes it once the reducer returns a single state', async () => {
      const entry = createEntry(split, 'a', { internal: '{"n":1}', external: '{"shown":1}' });
      await fold(entry, event({ single: true }, 1));
      expect(await cutEntry(entry)).toEqual({ internal: '{"n":2}', external: null });
      await fold(entry, event({ single: true }, 2));
      expect(await cutEntry(entry)).toEqual({ internal: '{"n":3}', external: undefined });
    });
  });
});
