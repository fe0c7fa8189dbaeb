import { describe, expect, test } from '@jest/globals';
import type { Claim, UnitFacts } from '../../services/shared/state/port.ts';
import { factsProblem, positionProblem } from '../../services/worker/claim-check.ts';

const own: UnitFacts = { formatVersion: 2, partitions: 8, reducersHash: 'own' };

describe('what is stored of a unit', () => {
  test('is gone on from when it is what this program has', () => {
    expect(factsProblem({ ...own }, own)).toBeNull();
  });

  test.each<readonly [string, Partial<UnitFacts>, string]>([
    [
      'has another format',
      { formatVersion: 3 },
      "its checkpoint has format 3, this program writes 2: run the version that wrote it, or raise the module's VERSION",
    ],
    [
      'is of another number of partitions',
      { partitions: 4 },
      'its checkpoint was made with 4 partitions, the topic has 8: more partitions need a new namespace',
    ],
    [
      'is of other reducers under the same VERSION',
      { reducersHash: 'other' },
      'reducer names, scopes, contexts, state types or null states changed under the same VERSION: raise VERSION, or undo the change',
    ],
    [
      'has another format, which says the most where all differs',
      { formatVersion: 1, partitions: 4, reducersHash: 'other' },
      "its checkpoint has format 1, this program writes 2: run the version that wrote it, or raise the module's VERSION",
    ],
  ])('stops it, with the remedy, when it %s', (_, stored, problem) => {
    expect(factsProblem({ ...own, ...stored }, own)).toBe(problem);
  });
});

describe('the stored position', () => {
  const log = { start: 100, end: 200 };
  const problemAt = (next: number | null, oldest: number): string | null =>
    positionProblem({ next } as Claim, log, oldest);

  test.each<readonly [string, number | null, number]>([
    ['there is none', null, 100],
    ['it is where the log ends', 200, 100],
    ['it is where the log begins', 100, 100],
    ['the archive holds what the log does not', 50, 0],
    ['it is the oldest offset that the archive holds', 50, 50],
  ])('is gone on from when %s', (_, next, oldest) => {
    expect(problemAt(next, oldest)).toBeNull();
  });

  test.each<readonly [string, number, number, string]>([
    [
      "it lies beyond the log's end",
      201,
      100,
      "its stored offset 201 lies beyond the log's end 200: the topic was made again or lost records; use a new namespace, or restore the topic",
    ],
    [
      'the log begins after it, and there is no archive',
      50,
      100,
      'offsets 50 to 99 are neither in the archive nor in the log: restore the archive objects that held them, or use a new namespace',
    ],
    [
      'one offset is missing where the archive begins',
      49,
      50,
      'offsets 49 to 49 are neither in the archive nor in the log: restore the archive objects that held them, or use a new namespace',
    ],
  ])('stops the unit, with the remedy, when %s', (_, next, oldest, problem) => {
    expect(problemAt(next, oldest)).toBe(problem);
  });
});
