import { describe, expect, test } from '@jest/globals';
import { createObjectRoom, type Waiter } from '../../services/shared/archive/object-room.ts';

/** Readers who take room, by name, and what each was told. */
function createHouse(maxBytes: number) {
  const room = createObjectRoom(maxBytes);
  const [inside, failed]: string[][] = [[], []];
  const told = new Map<string, (string | null)[]>();
  const unwanted = new Set<string>();
  const giveBack = new Map<string, () => void>();
  const waiterOf = (name: string): Waiter => {
    told.set(name, []);
    return { wanted: () => !unwanted.has(name), waits: (what) => void told.get(name)!.push(what) };
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const come = async (name: string, bytes: number, waiter: Waiter | undefined = waiterOf(name)) => {
    room.take(bytes, waiter).then(
      (give) => {
        inside!.push(name);
        giveBack.set(name, give);
      },
      () => failed!.push(name),
    );
    await settle();
  };
  const go = async (name: string): Promise<void> => {
    giveBack.get(name)!();
    await settle();
  };
  return { come, go, inside: inside!, failed: failed!, told, unwanted, room };
}

describe('room for archive objects', () => {
  test('is taken by as many as it holds, and the others wait for their turn', async () => {
    const { come, go, inside } = createHouse(10);
    for (const name of ['a', 'b', 'c', 'd']) await come(name, 4);
    expect(inside).toEqual(['a', 'b']);
    await go('b');
    expect(inside).toEqual(['a', 'b', 'c']);
    await go('a');
    expect(inside).toEqual(['a', 'b', 'c', 'd']);
  });

  test('goes to who came first: a large object is not passed by small ones', async () => {
    const { come, go, inside } = createHouse(10);
    await come('a', 6);
    await come('large', 12);
    await come('small', 1);
    expect(inside).toEqual(['a']);
    await go('a');
    expect(inside).toEqual(['a', 'large']);
    await go('large');
    expect(inside).toEqual(['a', 'large', 'small']);
  });

  test('is given back once, however often that is said', async () => {
    const { come, go, inside } = createHouse(10);
    for (const name of ['a', 'b', 'c', 'd']) await come(name, 5);
    await go('a');
    await go('a');
    expect(inside).toEqual(['a', 'b', 'c']);
  });

  test('is told of by those who wait, anew whenever the queue moves', async () => {
    const { come, go, told } = createHouse(10);
    for (const name of ['a', 'b', 'c', 'd']) await come(name, 8);
    await go('a');
    const place = (count: number) => expect.stringMatching(new RegExp(`queue: ${count}$`));
    expect(told.get('a')).toEqual([]);
    expect(told.get('b')).toEqual([place(0), null]);
    expect(told.get('d')).toEqual([place(2), place(1)]);
  });

  test('is not kept for who left meanwhile', async () => {
    const { come, go, inside, failed, unwanted } = createHouse(10);
    for (const name of ['a', 'b', 'c']) await come(name, 8);
    unwanted.add('b');
    await go('a');
    expect([inside, failed]).toEqual([['a', 'c'], ['b']]);
  });

  test('is taken at once by who cannot wait, and counts for the others', async () => {
    const { come, inside, room } = createHouse(10);
    await come('a', 8);
    await expect(room.take(8)).resolves.toBeInstanceOf(Function);
    await come('b', 1);
    expect(inside).toEqual(['a']);
  });
});
