import { afterEach, expect, test } from '@jest/globals';
import type { Module, ModuleReducer } from '../../services/shared/module.ts';
import type { AppendList, LearningEvent } from '../../services/shared/reducer-api.ts';
import type { Checkpoint } from '../../services/shared/state/port.ts';
import { keyText, stateField } from '../../services/shared/state-key.ts';
import { appendListState } from '../../services/shared/state-types/append-list.ts';
import type { StateType } from '../../services/shared/state-types/state-type.ts';
import { counting, testModule } from '../support/module.ts';
import { waitFor } from '../support/wait.ts';
import {
  closeHouses,
  type House,
  openHouse,
  reached,
  send,
  startWorker,
  stored,
  unit,
} from '../support/worker-house.ts';

afterEach(closeHouses);

function append(event: LearningEvent, list: AppendList): AppendList {
  list.append(event.client.event);
  return list;
}

/** A module whose states are lists. */
function listModule(): Module {
  const module = testModule(append, { nullState: [] });
  const [reducer] = module.reducers;
  const list: ModuleReducer = { ...reducer!, stateType: appendListState as StateType };
  return { ...module, reducers: [list] };
}

const fieldOf = (student: string): string => stateField('Internal', 'm.r', keyText({ STUDENT: student }));
const headOf = (items: number): string =>
  `{"length":${items},"parts":0,"bytes":${3 * items},"tail":[${Array(items).fill('"x"').join(',')}]}`;

/** A worker whose store something else writes to, just before it writes there itself. */
async function worker(house: House, module = listModule()) {
  const seen = { alter: null as ReadonlyMap<string, string | null> | null, sent: [] as Checkpoint[] };
  const checkpoint = async (at: typeof unit, given: Checkpoint) => {
    const { alter } = seen;
    if (alter !== null && given.states.size > 0) {
      seen.alter = null;
      const nothing = { anchor: null, caughtUpAt: null, deadLetters: [], closed: [], lengths: new Map() };
      await house.state.checkpoint(at, { ...given, ...nothing, next: given.expected!, states: alter });
    }
    seen.sent.push(given);
    return house.state.checkpoint(at, given);
  };
  const started = await startWorker(house, module, { checkpoint });
  return { seen, says: () => [...started.notReady(), ...started.degraded()].join('\n'), stop: started.stop };
}

test('each checkpoint of a list expects what the one before it stored, by whichever worker', async () => {
  const house = await openHouse();
  const first = await worker(house);
  for (let n = 1; n <= 4; n++) {
    await send(house.log, ['a']);
    await reached(house.state, n);
  }
  await first.stop();
  const second = await worker(house);
  await send(house.log, ['a', 'b', 'a']);
  await reached(house.state, 7);
  expect(await stored(house.state, 'a')).toMatchObject({ length: 6 });
  expect(await stored(house.state, 'b')).toMatchObject({ length: 1 });
  const expected = [...first.seen.sent, ...second.seen.sent]
    .map(({ lengths }) => lengths.get(fieldOf('a')))
    .filter((length) => length !== undefined);
  expect(expected[0]).toBeNull();
  expect(expected.slice(1, 5)).toEqual([1, 2, 3, 4].map((n) => expect.stringContaining(`{"length":${n},`)));
  expect(second.says()).toBe('');
});

test.each<[string, string | null]>([
  ['is longer', headOf(3)],
  ['is shorter', headOf(1)],
  ['is gone', null],
])(
  'a unit whose list in the store %s than it was stops, says what to do, and writes nothing',
  async (_, text) => {
    const house = await openHouse();
    const { seen, says } = await worker(house);
    await send(house.log, ['a', 'a']);
    await reached(house.state, 2);
    seen.alter = new Map([[fieldOf('a'), text]]);
    await send(house.log, ['a']);
    await waitFor(() => /stopped: .*m\.r .*empty the unit/.test(says()), { message: 'the unit stops' });
    expect(says()).not.toContain('STUDENT');
    expect((await house.state.readMany(unit, [fieldOf('a')]))[0]).toBe(text);
    expect((await house.state.position(unit))!.next).toBe(2);
  },
);

test('a list that appears where there was none stops the unit as well', async () => {
  const house = await openHouse();
  const { seen, says } = await worker(house);
  await send(house.log, ['a']);
  await reached(house.state, 1);
  seen.alter = new Map([[fieldOf('b'), headOf(1)]]);
  await send(house.log, ['b']);
  await waitFor(() => /stopped: .*empty the unit/.test(says()), { message: 'the unit stops' });
});

test('nothing is expected of states that are written anew as a whole', async () => {
  const house = await openHouse();
  const { seen } = await worker(house, testModule(counting));
  await send(house.log, ['a', 'b']);
  await reached(house.state, 2);
  expect(seen.sent.some(({ states }) => states.size > 0)).toBe(true);
  expect(seen.sent.every(({ lengths }) => lengths.size === 0)).toBe(true);
});
