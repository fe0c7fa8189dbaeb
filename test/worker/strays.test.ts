import { afterEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { createLogger } from '../../services/shared/logger.ts';
import type { LearningEvent } from '../../services/shared/reducer-api.ts';
import { controlTopic } from '../../services/shared/topics.ts';
import { createStrays, type Strays } from '../../services/worker/strays.ts';
import { collect } from '../support/collect.ts';
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

/** A reducer that starts something for events that say `stray`, which fails as soon as the test lets it. */
function straying() {
  const started: (() => void)[] = [];
  const taken: boolean[] = [];
  const strays: Strays = createStrays({
    logger: createLogger({ service: 'test', level: 'silent' }),
    registry: new Registry(),
  });
  let letGo = false;
  const go = (): void => {
    letGo = true;
    for (const start of started.splice(0)) start();
  };
  const allowed = (): Promise<void> =>
    letGo ? Promise.resolve() : new Promise((resolve) => started.push(resolve));
  const fail = async (): Promise<void> => {
    await allowed();
    // In the place of the process's own handler, which asks within the context of what failed.
    taken.push(strays.take(new Error('this tells of a learner')));
  };
  const module = testModule((event: LearningEvent, state: { count: number }) => {
    if (event.client.stray === true) void fail();
    return counting(event, state);
  });
  const start = (house: House) => startWorker(house, module, {}, {}, { strays });
  return { taken, go, start, strays };
}

const letters = (house: House) =>
  collect(house.state.deadLetters(unit)).then((open) =>
    open.map(({ reducer, offset }) => ({ reducer, offset })),
  );

async function verdicts({ log }: House): Promise<readonly string[]> {
  const topic = controlTopic('test');
  const [at] = await log.offsets(topic);
  const records = await collect(log.read({ topic, partition: 0, from: 0, to: at!.end }));
  return records.map(({ value }) => String(value)).filter((text) => text.includes('left-out'));
}

describe('what a reducer started and did not wait for', () => {
  test('costs its event when it fails before that is stored, and a replay leaves out the same', async () => {
    const house = await openHouse();
    const { go, taken, start } = straying();
    go();
    const first = await start(house);
    await send(house.log, ['a', 'a']);
    await reached(house.state, 2);
    // Of a unit that had nothing to do: it is stored as soon as it is folded.
    await send(house.log, ['a'], { stray: true });
    await send(house.log, ['a', 'b']);
    await reached(house.state, 5);
    expect(taken).not.toContain(false);
    expect(await letters(house)).toEqual([{ reducer: 'm.r', offset: 2 }]);
    expect(await stored(house.state, 'a')).toEqual({ count: 3 });

    await first.stop();
    const replayed = { ...house, state: (await openHouse()).state };
    const times = taken.length;
    await start(replayed);
    await reached(replayed.state, 5);
    expect(await letters(replayed)).toEqual([{ reducer: 'm.r', offset: 2 }]);
    expect(await stored(replayed.state, 'a')).toEqual({ count: 3 });
    expect(taken).toHaveLength(times);
  });

  test('changes nothing when it fails after its event is stored', async () => {
    const house = await openHouse();
    const { go, taken, start } = straying();
    await start(house);
    await send(house.log, ['a'], { stray: true });
    await reached(house.state, 1);
    go();
    await send(house.log, ['a']);
    await reached(house.state, 2);
    expect(taken).toEqual([true]);
    expect(await letters(house)).toEqual([]);
    expect(await verdicts(house)).toEqual([]);
    expect(await stored(house.state, 'a')).toEqual({ count: 2 });
  });

  test('is told from what no reducer started', async () => {
    const house = await openHouse();
    const { go, taken, start, strays } = straying();
    await start(house);
    go();
    await send(house.log, ['a'], { stray: true });
    await waitFor(() => taken.length > 0, { message: 'it failed' });
    expect(taken[0]).toBe(true);
    expect(strays.take(new Error('a bug'))).toBe(false);
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    expect(strays.take(new Error('a bug'))).toBe(false);
  });
});
