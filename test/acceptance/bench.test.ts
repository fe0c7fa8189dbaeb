import { expect, test } from '@jest/globals';
import { startProgram } from '../support/process.ts';
import { describeOnStack } from '../support/stack.ts';

const PROGRAM = 'dist/test/bench/main.js';
const DEADLINE_MS = 120_000;

interface Line {
  readonly bench: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
}

async function bench(...args: string[]): Promise<{ code: number | null; lines: readonly string[] }> {
  const child = await startProgram(PROGRAM, { args });
  const { code } = await child.ended;
  return { code, lines: child.lines() };
}

test('a name that no bench has is refused with those that there are', async () => {
  const { code, lines } = await bench('speed');
  expect(code).toBe(1);
  expect(lines).toEqual(['no bench is named speed; there are reduce, growth, takeover, idle']);
});

test('an option that is no number is refused by its name', async () => {
  const { code, lines } = await bench('reduce', '--events', 'many');
  expect(code).toBe(1);
  expect(lines).toEqual(['--events must be a whole number above 0, not many']);
});

describeOnStack('a bench', () => {
  test(
    'measures on servers and workers of its own, and prints one JSON line a figure',
    async () => {
      const { code, lines } = await bench('reduce', '--brief', '--events', '4000', '--students', '50');
      expect({ code, lines }).toMatchObject({ code: 0 });
      const figures = lines.map((line) => JSON.parse(line) as Line);
      const names = figures.map(({ figure }) => figure);
      expect(names).toEqual(expect.arrayContaining(['raw_consume', 'reduce_1', 'reduce_2', 'reduce_cpu']));
      expect(new Set(names).size).toBe(names.length);
      for (const { bench: name, figure, value, unit } of figures) {
        expect(name).toBe('reduce');
        expect(value).toBeGreaterThan(0);
        if (figure === 'reduce_cpu') expect(unit).toBe('us');
        expect(unit).toMatch(/^(events\/s|us)$/);
      }
    },
    DEADLINE_MS,
  );
});
