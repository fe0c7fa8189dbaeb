import { expect } from '@jest/globals';
import type { StateStore } from '../../services/shared/state/port.ts';
import { isPoison, link } from './audit-module/trail.js';
import { collect } from './collect.ts';
import type { Kept } from './ledger.ts';
import { waitFor } from './wait.ts';

export const AUDIT_MODULE = './test/support/audit-module';

/** The states that the audit module must have, folded here from the records, by student and item. */
function foldTrails(
  kept: readonly Kept[],
): Map<string, { student: string; item: number; chain: number; count: number }> {
  const trails = new Map<string, { student: string; item: number; chain: number; count: number }>();
  for (const { id, student, item } of kept) {
    if (isPoison(id)) continue;
    const key = `${student}/${item}`;
    const { chain, count } = trails.get(key) ?? { chain: 7, count: 0 };
    trails.set(key, { student, item, chain: link(chain, id), count: count + 1 });
  }
  return trails;
}

/** Waits until the query service shows, for every key, the state that the records give. */
export async function expectTrails(queryUrl: string, kept: readonly Kept[]): Promise<void> {
  for (const { student, item, chain, count } of foldTrails(kept).values()) {
    let last: unknown;
    const reached = async (): Promise<boolean> => {
      const answer = await fetch(`${queryUrl}/v1/state/audit.trail?STUDENT=${student}&item=${item}`);
      last = await answer.json();
      return (last as { state?: { count?: number } }).state?.count === count;
    };
    await waitFor(reached, { timeoutMs: 60_000 }).catch(() => undefined);
    expect({ student, item, state: (last as { state: unknown }).state }).toEqual({
      student,
      item,
      state: { chain, count },
    });
  }
}

/** The dead letters that are stored are those of the poisonous records, each once. */
export async function expectDeadLetters(
  state: StateStore,
  topic: string,
  kept: readonly Kept[],
): Promise<void> {
  const expected = kept
    .filter(({ id }) => isPoison(id))
    .map(({ partition, offset }) => `${partition}/${offset}`);
  const found: string[] = [];
  for (const partition of new Set(kept.map((record) => record.partition)))
    for (const letter of await collect(state.deadLetters({ module: 'audit.v1', topic, partition })))
      found.push(`${letter.partition}/${letter.offset}`);
  expect(found.sort()).toEqual(expected.sort());
}
