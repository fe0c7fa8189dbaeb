import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createSortedLines } from '../../services/replay/sorted-lines.ts';
import { replayFolder } from './replayed.ts';

test.each([1, 100, 5_000, 1_000_000])(
  'lines are sorted by their bytes, with %d bytes in memory',
  async (bytes) => {
    const folder = join(replayFolder(), 'scratch');
    const sorted = await createSortedLines(folder, bytes);
    const lines = Array.from(
      { length: 300 },
      (_, n) => `${(n * 7_919) % 300} é\u2028🦉 ${'x'.repeat((n * 31) % 900)}`,
    );
    lines.push('', 'z'.repeat(200_000), '\uffff', '😀');
    for (const line of lines) await sorted.add(line);
    const found: string[] = [];
    for await (const line of sorted.lines()) found.push(String(line));
    expect(found).toEqual(lines.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    await sorted.close();
    expect(existsSync(folder)).toBe(false);
  },
);
