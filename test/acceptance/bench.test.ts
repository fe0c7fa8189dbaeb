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

/** What a bench prints in brief, with its unit. */
const FIGURES = {
  reduce: {
    raw_consume: 'events/s',
    raw_consume_cpu: 'us',
    reduce_1: 'events/s',
    reduce_1_share: 'of raw_consume',
    reduce_cpu: 'us',
    reduce_2: 'events/s',
    reduce_2_cpu: 'us',
  },
  replay: { live: 'events/s', live_cpu: 'us', replay: 'events/s', replay_cpu: 'us' },
};

async function bench(...args: string[]): Promise<{ code: number | null; lines: readonly string[] }> {
  const child = await startProgram(PROGRAM, { args });
  const { code } = await child.ended;
  return { code, lines: child.lines() };
}

test('a name that no bench has is refused with those that there are', async () => {
  const { code, lines } = await bench('speed');
  expect(code).toBe(1);
  expect(lines).toEqual([
    'no bench is named speed; there are reduce, growth, takeover, idle, ingest, endurance, archive, export, replay',
  ]);
});

test('an option that is no number is refused by its name', async () => {
  const { code, lines } = await bench('reduce', '--events', 'many');
  expect(code).toBe(1);
  expect(lines).toEqual(['--events must be a whole number above 0, not many']);
});

test('a number of events a key that has no whole thousandth is refused', async () => {
  const { code, lines } = await bench('growth', '--per-key', '1500');
  expect(code).toBe(1);
  expect(lines).toEqual(['--per-key must be a multiple of 1000, not 1500']);
});

describeOnStack('a bench', () => {
  test.each([['reduce', ['--events', '4000', '--students', '50'], FIGURES.reduce]] as const)(
    'measures on servers and workers of its own, and prints one JSON line a figure: %s',
    async (name, args, expected) => {
      const { code, lines } = await bench(name, '--brief', ...args);
      expect({ code, lines }).toMatchObject({ code: 0 });
      const figures = lines.map((line) => JSON.parse(line) as Line);
      expect(figures.map(({ figure }) => figure).sort()).toEqual(Object.keys(expected).sort());
      expect(Object.fromEntries(figures.map(({ figure, unit }) => [figure, unit]))).toEqual(expected);
      for (const line of figures) {
        expect(line.bench).toBe(name);
        // JSON has no number that is not finite: it would be null.
        expect(line.value).toBeGreaterThan(0);
      }
    },
    DEADLINE_MS,
  );
});
