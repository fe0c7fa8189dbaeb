import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { OpenStore } from '../../examples/client/event-store.ts';
import { createFileStore } from '../../examples/client/file-store.ts';
import { createCleanUp } from '../gateway/support.ts';
import { testRun } from '../support/test-run.ts';

const cleanUp = createCleanUp();
let dir: string;
beforeEach(() => {
  dir = testRun.makeDir('client-store');
});
afterEach(() => cleanUp.run());

async function open(more: { compactBytes?: number; sync?: boolean } = {}, owner = 'bob'): Promise<OpenStore> {
  const store = await createFileStore({ dir, ...more }).open(owner);
  cleanUp.add(() => store.close().catch(() => undefined));
  return store;
}

const file = (): string => join(dir, readdirSync(dir).find((name) => name.endsWith('.jsonl'))!);
const event = (sequence: number, text = `{"event":"x","n":1.0,"s":"ä\\n","sequence":${sequence}}`) => ({
  sequence,
  text,
});

describe('a store in files', () => {
  test.each([[false], [true]])('has what was not forgotten, letter for letter (sync: %s)', async (sync) => {
    const first = await open({ sync });
    await Promise.all([0, 1, 2, 3, 4].map((sequence) => first.add(event(sequence))));
    await first.reserve(500);
    await first.removeThrough(1);
    await first.remove(3);
    await first.close();
    const again = await open({ sync });
    expect(again.events).toEqual([event(2), event(4)]);
    expect(again).toMatchObject({ session: first.session, reserved: 500, damaged: 0 });
  });

  test('keeps what two senders stored apart, under sessions of their own', async () => {
    const [bob, alice] = [await open(), await open({}, 'alice')];
    await bob.add(event(0));
    await Promise.all([bob.close(), alice.close()]);
    expect((await open({}, 'alice')).events).toEqual([]);
    expect(alice.session).not.toBe(bob.session);
  });

  test('is one client’s at a time', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ code: 'IN_USE', message: expect.stringContaining(dir) });
    await first.close();
    await open();
  });

  test('leaves out a line that was being written, wherever it was cut, and nothing before it', async () => {
    const first = await open();
    await first.add(event(0));
    const before = statSync(file()).size;
    await first.add(event(1));
    await first.close();
    const whole = readFileSync(file());
    for (let size = before; size < whole.length; size++) {
      writeFileSync(file(), whole);
      truncateSync(file(), size);
      const again = await open();
      expect(again.events).toEqual([event(0)]);
      await again.add(event(2));
      await again.close();
      const last = await open();
      expect(last.events).toEqual([event(0), event(2)]);
      await last.close();
    }
  });

  test('leaves out and counts what a power failure made unreadable', async () => {
    const first = await open();
    await first.add(event(0));
    await first.close();
    appendFileSync(file(), `\0\0\0\0\n{"add":1}\n{"add":2,"frame":${event(2).text}}\n`);
    expect(await open()).toMatchObject({ events: [event(0), event(2)], damaged: 2 });
  });

  test('says what to do with a file that is none of its', async () => {
    const first = await open();
    await first.close();
    writeFileSync(file(), 'something else\n');
    await expect(open()).rejects.toMatchObject({ code: 'STORE', message: expect.stringContaining('move') });
  });

  test('stays small however much goes through it, and forgets nothing by that', async () => {
    const store = await open({ compactBytes: 10_000 });
    await store.add(event(0));
    for (let sequence = 1; sequence <= 1_000; sequence++) {
      await store.add(event(sequence));
      if (sequence > 10) await store.remove(sequence - 10);
    }
    expect(statSync(file()).size).toBeLessThan(15_000);
    await store.close();
    const { events } = await open();
    expect(events.map(({ sequence }) => sequence)).toEqual([
      0,
      ...Array.from({ length: 10 }, (_, n) => 991 + n),
    ]);
  });

  test('is readable for its owner only', async () => {
    await open();
    expect(statSync(file()).mode & 0o077).toBe(0);
  });
});
