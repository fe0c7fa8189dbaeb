import { expect, test } from '@jest/globals';
import { createMutex } from '../../services/worker/mutex.ts';

test('tasks are done one at a time, in their order, whatever becomes of each', async () => {
  const alone = createMutex();
  const seen: string[] = [];
  const task = (name: string, end: Promise<unknown>) => async (): Promise<string> => {
    seen.push(`${name} begins`);
    await end;
    seen.push(`${name} ends`);
    return name;
  };
  let go = (): void => undefined;
  const first = alone(task('one', new Promise<void>((resolve) => (go = resolve))));
  const failing = alone(async () => Promise.reject(new Error('of two')));
  const last = alone(task('three', Promise.resolve()));
  await Promise.resolve();
  expect(seen).toEqual(['one begins']);
  go();
  expect(await first).toBe('one');
  await expect(failing).rejects.toThrow('of two');
  expect(await last).toBe('three');
  expect(seen).toEqual(['one begins', 'one ends', 'three begins', 'three ends']);
});
