import { expect, test } from '@jest/globals';
import { createTasks } from '../../services/worker/tasks.ts';

test('tasks are done one after another, whatever becomes of each', async () => {
  const failures: unknown[] = [];
  const tasks = createTasks((error) => failures.push(error));
  const done: string[] = [];
  const first = tasks.add(async () => {
    await new Promise(setImmediate);
    done.push('first');
    throw new Error('first');
  });
  const second = tasks.add(() => void done.push('second'));
  expect(tasks.busy).toBe(true);
  await Promise.all([first, second]);
  expect(done).toEqual(['first', 'second']);
  expect(failures).toEqual([new Error('first')]);
  expect(tasks.busy).toBe(false);
});

test('what hangs is abandoned: nobody waits for it, what waited is not done, what comes later is', async () => {
  const failures: unknown[] = [];
  const tasks = createTasks((error) => failures.push(error));
  const done: string[] = [];
  let fail = (_: Error): void => undefined;
  const hanging = tasks.add(
    () =>
      new Promise<void>((_, reject) => {
        fail = reject;
      }),
  );
  const waiting = tasks.add(() => void done.push('waited'));
  await new Promise(setImmediate);
  tasks.abandon();
  await Promise.all([hanging, waiting]);
  expect(tasks.busy).toBe(false);
  await tasks.add(() => void done.push('later'));
  fail(new Error('nobody hears of it'));
  await new Promise(setImmediate);
  expect(done).toEqual(['later']);
  expect(failures).toEqual([]);
});
